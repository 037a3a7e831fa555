using Ringfence.Agent.Iteration;

namespace Ringfence.Agent.Hosts;

/// <summary>A script: it reads what is printed and is never asked.</summary>
internal sealed class ScriptedHost(StandardStreams streams, string format, StreamJson stream) : IAgentHost
{
    public void Report(AgentReport report)
    {
        switch (format, report)
        {
            case ("stream-json", _):
                stream.Write(report);
                break;

            case (_, AgentReport.Notice notice):
                StandardStreams.WriteError(notice.Text);
                break;

            case ("json", AgentReport.TurnEnded ended):
                streams.WriteLine(w =>
                {
                    w.WriteString("type", "result");
                    w.WriteString("subtype", ended.Result.Subtype);
                    StreamResult.Write(w, ended.Session, ended.Result, 0);
                    w.WriteString("session_id", stream.SessionId);
                    w.WriteString("uuid", ended.Session.NewId());
                });
                break;

            case ("text", AgentReport.TurnEnded { Result: var result }):
                var text = result.Subtype == "success" ? result.StructuredOutput?.ToText() ?? result.Text : Ending(result);
                streams.WriteText(text.EndsWith('\n') ? text : text + "\n");
                break;
        }
    }

    public Task<PermissionAnswer?> AskAsync(PermissionQuestion question, CancellationToken cancellationToken) => Task.FromResult<PermissionAnswer?>(null);

    private static string Ending(TurnResult result) => "Error: " + string.Join("; ", result.Errors);
}
