using Ringfence.Agent.Context;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Does what a person asks of the program itself: slash commands, and commands of their own behind an exclamation mark.</summary>
internal sealed class TerminalCommands(OpenSession open, WorkQueue work, TerminalView view, ToolLines tools, ThemeChoice themes, Paint paint, Action leave)
{
    /// <returns>False when it is a prompt after all: paths begin with a slash, too.</returns>
    public async Task<bool> TryAsync(string text)
    {
        var name = text.Split(' ', '\n')[0];
        var rest = text[name.Length..].Trim();

        if (SlashCommands.All.FirstOrDefault(c => c.Name == name) is not { } command)
        {
            return name != "/quit" ? IsSlip(name) : Leave();
        }

        if (work.IsBusy && command.NeedsPeace)
        {
            view.Say(paint.Warning($"{name} has to wait until the work is done (Esc stops it)."));
            return true;
        }

        switch (name)
        {
            case "/compact":
                work.TryBegin("Shortening", stop => new AgentLoop(open.Current).CompactAsync("manual", rest, stop));
                break;

            case "/clear":
                await ChangeAsync(null);
                break;

            case "/resume":
                await ResumeAsync(rest);
                break;

            case "/theme":
                view.Say(themes.Choose(rest, open.UserDirectory));
                break;

            case "/exit":
                return Leave();

            default:
                view.Say(SlashCommands.Answer(open.Current, name, rest, tools, paint, view.Width)!);
                break;
        }

        return true;
    }

    /// <summary>Runs a person's own command where the agent's run, and under the rules that forbid; the model hears of it with the next prompt.</summary>
    public void Run(string command)
    {
        var session = open.Current;

        if (session.Tools.Find("Bash") is not { } bash)
        {
            view.Say(paint.Warning("Commands are not offered in this conversation."));
            return;
        }

        var call = new ToolCall("", new() { ["command"] = command }, session.Workplace);

        if (session.Permissions.Decide("Bash", bash.Subject(call.Input, session.Workplace), session.Workplace) is { Verdict: Verdict.Deny } denied)
        {
            view.Say(paint.Error(TextWidth.Safe(denied.Reason)));
            return;
        }

        if (!work.TryBegin("! " + command, async stop =>
        {
            view.Say($"\n{paint.Warning("!")} {TextWidth.Safe(command)}");
            var output = await bash.RunAsync(call, stop);
            view.Print(string.Join('\n', TextWidth.Safe(output.Shown).TrimEnd('\n').Split('\n').Select(l => output.IsError ? paint.Error(l) : l)));
            session.PendingContext = $"{session.PendingContext}\nThe user ran a command in the shell: {command}\nIts output:\n{output.Shown}".Trim();
        }))
        {
            view.Say(paint.Warning("A command of yours has to wait until the work is done (Esc stops it)."));
        }
    }

    private bool Leave()
    {
        leave();
        return true;
    }

    private bool IsSlip(string name)
    {
        if (name.IndexOf('/', 1) >= 0 || name.Length < 2 || Path.Exists(name))
        {
            return false;
        }

        var near = SlashCommands.All.Where(c => c.Name.StartsWith(name[..Math.Min(3, name.Length)], StringComparison.Ordinal)).Select(c => c.Name).ToArray();
        view.Say(paint.Warning($"There is no command {TextWidth.Safe(name)}. {(near.Length > 0 ? $"Did you mean {string.Join(" or ", near)}?" : "/help lists them.")}"));
        return true;
    }

    private async Task ResumeAsync(string which)
    {
        var earlier = new EarlierConversations(new SessionStore(open.UserDirectory, open.Current.Workplace.Root), open.Current.Id);

        if (which.Length == 0)
        {
            view.Say(earlier.List(view.Width, open.Current.Time.GetUtcNow(), paint));
            return;
        }

        await ChangeAsync(earlier.Find(which));
    }

    private async Task ChangeAsync(string? to)
    {
        if (await open.ChangeAsync(to) is { } failures)
        {
            view.Say(paint.Error(string.Join('\n', failures)));
            return;
        }

        view.Say(to is null ? paint.Quiet("A new conversation.") : EarlierConversations.End(open.Current.Conversation, view.Width, paint));
    }
}
