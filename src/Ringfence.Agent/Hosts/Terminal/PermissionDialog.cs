using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>
/// Asks before a tool runs: once, always, changed first, or no with a reason. What is changed is what runs, and the change is shown before: an approval
/// is for exactly what was seen.
/// </summary>
internal sealed class PermissionDialog(TerminalView view, ToolLines tools, Paint paint) : IDisposable
{
    private readonly SemaphoreSlim oneAtATime = new(1, 1);
    private Question? open;

    private enum Writing
    {
        Nothing,
        Change,
        Reason,
    }

    private sealed record Question(PermissionQuestion About, Workplace Workplace, TaskCompletionSource<PermissionAnswer> Answer)
    {
        public JsonObject Input { get; set; } = (JsonObject)About.Call.Input.DeepClone();

        public bool IsChanged { get; set; }

        /// <summary>What the prompt takes now: keys of the question, a change, or the reason for saying no.</summary>
        public Writing Writing { get; set; }

        /// <summary>The part of the input that a person may want to change; null where there is no such one.</summary>
        public string? Field => About.Tool.Name switch { "Bash" => "command", "Edit" => "new_string", "Write" => "content", _ => null };
    }

    public void Dispose() => oneAtATime.Dispose();

    public async Task<PermissionAnswer?> AskAsync(PermissionQuestion asked, Workplace workplace, CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken);

        try
        {
            view.EndStream();
            var question = new Question(asked, workplace, new TaskCompletionSource<PermissionAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
            await ShowAsync(question, cancellationToken);
            open = question;
            return await question.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            open = null;
            view.Ask(null);
            oneAtATime.Release();
        }
    }

    /// <returns>False when the key is for the prompt.</returns>
    /// <param name="stop">Stops the work.</param>
    public async Task<bool> HandleAsync(Key key, Action stop)
    {
        if (open is not { Answer.Task.IsCompleted: false } question)
        {
            return false;
        }

        switch (key)
        {
            case { Kind: KeyKind.Escape or KeyKind.Interrupt }:
                question.Answer.TrySetResult(new PermissionAnswer.Refused("The user stopped here.", Interrupt: true));
                stop();
                return true;

            case { Kind: KeyKind.Enter } when question.Writing == Writing.Reason:
                var reason = view.Editor.Take();
                question.Answer.TrySetResult(new PermissionAnswer.Refused(
                    reason.Trim().Length > 0 ? $"The user rejected this, and said: {reason}" : "The user rejected this. Ask what they want instead."));
                return true;

            case { Kind: KeyKind.Enter } when question.Writing == Writing.Change:
                await ChangeAsync(question, view.Editor.Take());
                return true;

            case var _ when question.Writing != Writing.Nothing || !view.Editor.IsEmpty:
                return false;

            case { Kind: KeyKind.Enter } or { Kind: KeyKind.Text, Text: "1" or "y" }:
                question.Answer.TrySetResult(new PermissionAnswer.Granted(question.IsChanged ? question.Input : null));
                return true;

            case { Kind: KeyKind.Text, Text: "2" or "a" } when !question.IsChanged:
                question.Answer.TrySetResult(new PermissionAnswer.Granted(Apply: policy => PermissionUpdate.Apply(
                    policy, question.Workplace, PermissionUpdate.Suggestions(question.About.Tool.Name, question.About.Subject, question.Workplace), mayBypass: false)));
                return true;

            case { Kind: KeyKind.Text, Text: "3" or "e" } when question.Field is { } field:
                question.Writing = Writing.Change;
                view.Editor.Set(question.Input.Text(field) ?? "");
                view.Ask(field == "command" ? "Change the command; Enter runs it." : "Change the new text; Enter shows what becomes of it, Alt-Enter begins a line.");
                return true;

            case { Kind: KeyKind.Text, Text: "4" or "n" }:
                question.Writing = Writing.Reason;
                view.Ask("Why not? What instead? Enter sends it.");
                return true;

            default:
                return false;
        }
    }

    private async Task ChangeAsync(Question question, string text)
    {
        question.Input[question.Field!] = text;
        (question.IsChanged, question.Writing) = (true, Writing.Nothing);

        // A command was seen as it was typed. Of a file's new text only the difference tells.
        if (question.Field == "command")
        {
            question.Answer.TrySetResult(new PermissionAnswer.Granted(question.Input));
            return;
        }

        await ShowAsync(question, CancellationToken.None);
    }

    private async Task ShowAsync(Question question, CancellationToken cancellationToken)
    {
        var (asked, isCommand) = (question.About, question.About.Subject.Kind == ToolKind.Command);
        var seen = asked with { Call = asked.Call with { Input = question.Input } };
        view.Print($"{paint.Yellow("?")} {paint.Bold(asked.Tool.Name)} {TextWidth.Safe(isCommand ? "" : asked.Subject.Target)}\n"
            + await tools.PreviewAsync(seen, view.Width, cancellationToken));
        view.Ask($"{paint.Bold("1")} yes  {(question.IsChanged ? "" : $"{paint.Bold("2")} always  ")}{(question.Field is null ? "" : $"{paint.Bold("3")} change it first  ")}"
            + $"{paint.Bold("4")} no, and say why  {paint.Dim("Esc stop")}");
    }
}
