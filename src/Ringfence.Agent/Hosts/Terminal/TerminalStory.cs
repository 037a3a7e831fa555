using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Tells on the screen what happens in a session.</summary>
internal sealed class TerminalStory(TerminalView view, Activity activity, ToolLines tools, Paint paint)
{
    private const int ThoughtShown = 200;

    private readonly StringBuilder thought = new();
    private Told told = Told.Other;
    private string last = "";
    private string approved = "";

    private enum Told
    {
        Other,
        Text,
        Call,
        Result,
    }

    /// <summary>The whole of the last result; what is shown at once is a part of it.</summary>
    public string LastResult { get; private set; } = "";

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
            case AgentReport.Streamed { Event: var e }:
                Stream(e);
                break;

            case AgentReport.Prompted:
                told = Told.Other;
                break;

            case AgentReport.Requesting:
                activity.Do("Waiting for the model");
                break;

            case AgentReport.Spoke { Reply.Model: "<synthetic>", Block: var said }:
                view.Say(paint.Error(TextWidth.Safe(said.Text("text") ?? "")));
                break;

            case AgentReport.Spoke { Block: var block } when block.Text("type") == "text":
                view.EndStream();
                break;

            case AgentReport.ToolStarted { OutputFile: "" } started:
                Start(started.Use, started.Use.Text("id") ?? "");
                break;

            case AgentReport.ToolReturned returned:
                Return(returned, returned.Use.Text("id") ?? "");
                break;

            case AgentReport.Retrying { Retry: var retry }:
                view.Say(paint.Warning(TextWidth.Safe($"{retry.Failure.Message} Trying again in {retry.Delay.TotalSeconds:0.#} s ({retry.Attempt} of {retry.MaxRetries}).")));
                break;

            case AgentReport.Compacted compacted:
                view.Say(paint.Quiet($"The conversation was shortened. Left out: {TextWidth.Safe(compacted.Dropped)}"));
                break;

            case AgentReport.Notice notice:
                view.Say(paint.Warning(TextWidth.Safe(notice.Text)));
                break;

            case AgentReport.TurnEnded { Result: var result }:
                view.EndStream();
                view.Say(!result.IsError || result.TerminalReason == "api_error" ? "" : result.TerminalReason.StartsWith("aborted", StringComparison.Ordinal) ? paint.Warning("Stopped. What was done until here stays; say how to go on.")
                    : paint.Error(TextWidth.Safe(result.Subtype == "success" ? result.Text : string.Join("; ", result.Errors))));
                break;
        }
    }

    /// <summary>A person is asked about a call.</summary>
    public void Ask(string text) => Print(Told.Call, text);

    /// <summary>A person was shown what this call does, and has said yes: it need not be shown once more.</summary>
    public void Approved(string call) => approved = call;

    private void Start(JsonObject use, string id)
    {
        activity.Start(id, use.Text("name") ?? "", ToolLines.Argument(use));
        last = id;

        if (id != approved)
        {
            Print(Told.Call, tools.Call(use, view.Width));
        }
    }

    private void Return(AgentReport.ToolReturned returned, string id)
    {
        activity.Finish(id);
        LastResult = ToolLines.Whole(returned);

        var shown = id == approved && returned.Result.Flag("is_error") is not true && returned.Details.Array("structuredPatch") is not null
            ? paint.Quiet("  └ done") : tools.Result(returned, view.Width);

        // Of several that ran side by side, the result says which one it is of.
        Print(Told.Result, id == last ? shown : paint.Quiet($"  {tools.Name(returned.Use, view.Width - 4)}") + "\n" + shown);
        last = "";
    }

    /// <summary>A line between what is said and what is done.</summary>
    private void Print(Told what, string text)
    {
        view.Print(told == Told.Text && what != Told.Text ? "\n" + text : text);
        told = what;
    }

    private void Stream(JsonObject e)
    {
        if (e.Text("type") == "message_start")
        {
            view.DropPartial();
            thought.Clear();
        }
        else if (e.Object("delta").Text("text") is { } delta)
        {
            activity.Do("Writing");

            if (told is Told.Call or Told.Result)
            {
                view.Print("");
            }

            told = Told.Text;
            view.Stream(delta);
        }
        else if (e.Object("delta").Text("type") == "thinking_delta")
        {
            thought.Append(e.Object("delta").Text("thinking"));
            thought.Remove(0, Math.Max(0, thought.Length - ThoughtShown));
            var line = thought.ToString().TrimEnd();
            activity.Do("Thinking", line[(line.LastIndexOf('\n') + 1)..]);
        }
    }
}
