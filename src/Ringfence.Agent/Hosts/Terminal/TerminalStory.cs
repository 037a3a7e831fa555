namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Tells on the screen what happens in a session.</summary>
internal sealed class TerminalStory(TerminalView view, ToolLines tools, Paint paint)
{
    public void Tell(AgentReport report)
    {
        if (report.ParentToolUseId is not null)
        {
            if (report is AgentReport.Spoke { Block: var inner } && inner.Text("type") == "tool_use")
            {
                view.Print("  " + tools.Call(inner, view.Width - 2));
            }

            return;
        }

        switch (report)
        {
            case AgentReport.Streamed { Event: var e } when e.Text("type") == "message_start":
                view.DropPartial();
                break;

            case AgentReport.Streamed { Event: var e } when e.Object("delta").Text("text") is { } delta:
                view.Stream(delta);
                break;

            case AgentReport.Streamed { Event: var e } when e.Object("delta").Text("type") == "thinking_delta":
                view.Doing = "Thinking";
                break;

            case AgentReport.Requesting:
                view.Doing = "Waiting for the model";
                break;

            case AgentReport.Spoke { Block: var block } when block.Text("type") == "text":
                view.EndStream();
                break;

            case AgentReport.Spoke { Reply.Model: "<synthetic>", Block: var said }:
                view.Print(paint.Red(TextWidth.Safe(said.Text("text") ?? "")));
                break;

            case AgentReport.ToolStarted { OutputFile: "" } started:
                view.Doing = started.Use.Text("name") ?? "";
                view.Print(tools.Call(started.Use, view.Width));
                break;

            case AgentReport.ToolReturned returned:
                view.Print(tools.Result(returned, view.Width));
                break;

            case AgentReport.Retrying { Retry: var retry }:
                view.Print(paint.Yellow(TextWidth.Safe($"{retry.Failure.Message} Trying again in {retry.Delay.TotalSeconds:0.#} s ({retry.Attempt} of {retry.MaxRetries}).")));
                break;

            case AgentReport.Compacted compacted:
                view.Print(paint.Dim($"The conversation was shortened. Left out: {TextWidth.Safe(compacted.Dropped)}"));
                break;

            case AgentReport.Notice notice:
                view.Print(paint.Yellow(TextWidth.Safe(notice.Text)));
                break;

            case AgentReport.TurnEnded { Result: var result }:
                view.EndStream();
                view.Print(result.IsError ? paint.Red(result.Subtype == "success" ? TextWidth.Safe(result.Text) : string.Join("; ", result.Errors)) : "");
                break;
        }
    }
}
