using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>
/// Asks before a tool runs: once, always, changed first, or no with a reason. What is changed is what runs, and the change is shown before: an approval
/// is for exactly what was seen. Only a digit, or a choice and Enter, answers: nobody permits something by going on to write.
/// </summary>
internal sealed class PermissionDialog(TerminalView view, TerminalStory story, LineEditor editor, ToolLines tools, Paint paint, Activity activity) : IDisposable
{
    private readonly SemaphoreSlim oneAtATime = new(1, 1);
    private Question? open;

    private enum Writing
    {
        Nothing,
        Change,
        Reason,
    }

    private enum Choice
    {
        Yes = 1,
        Always,
        Change,
        No,
    }

    private sealed record Question(PermissionQuestion About, Workplace Workplace, TaskCompletionSource<PermissionAnswer> Answer)
    {
        public JsonObject Input { get; set; } = (JsonObject)About.Call.Input.DeepClone();

        public bool IsChanged { get; set; }

        /// <summary>What the prompt takes now: keys of the question, a change, or the reason for saying no.</summary>
        public Writing Writing { get; set; }

        public int Chosen { get; set; } = -1;

        /// <summary>The part of the input that a person may want to change; null where there is no such one.</summary>
        public string? Field => About.Tool.Name switch { "Bash" => "command", "Edit" => "new_string", "Write" => "content", _ => null };

        public JsonArray Rules => PermissionUpdate.Suggestions(About.Tool.Name, About.Subject, Workplace);

        public IReadOnlyList<Choice> Choices => [Choice.Yes, .. IsChanged ? (Choice[])[] : [Choice.Always], .. Field is null ? (Choice[])[] : [Choice.Change], Choice.No];
    }

    public void Dispose() => oneAtATime.Dispose();

    public async Task<PermissionAnswer?> AskAsync(PermissionQuestion asked, Workplace workplace, CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken);

        try
        {
            view.EndStream();
            activity.Pause();
            var question = new Question(asked, workplace, new TaskCompletionSource<PermissionAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
            await ShowAsync(question, cancellationToken);
            return await question.Answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            open = null;
            activity.Resume();
            view.Ask([]);
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
            // From writing an answer back to the question, from the question out of the work.
            case { Kind: KeyKind.Escape } when question.Writing != Writing.Nothing:
                question.Writing = Writing.Nothing;
                editor.Clear();
                Choose(question);
                return true;

            case { Kind: KeyKind.Escape or KeyKind.Interrupt }:
                question.Answer.TrySetResult(new PermissionAnswer.Refused("The user stopped here.", Interrupt: true));
                stop();
                return true;

            case { Kind: KeyKind.Enter } when question.Writing == Writing.Reason:
                var reason = editor.Take().Text;
                question.Answer.TrySetResult(new PermissionAnswer.Refused(
                    reason.Trim().Length > 0 ? $"The user rejected this, and said: {reason}" : "The user rejected this. Ask what they want instead."));
                return true;

            case { Kind: KeyKind.Enter } when question.Writing == Writing.Change:
                await ChangeAsync(question, editor.Take().Text);
                return true;

            // As people answer elsewhere. Anything longer is for the model, when this is done.
            case { Kind: KeyKind.Enter } when question.Writing == Writing.Nothing && Spoken(editor.Text) is { } spoken:
                editor.Clear();
                Answer(question, spoken);
                return true;

            case var _ when question.Writing != Writing.Nothing || !editor.IsEmpty:
                return false;

            case { Kind: KeyKind.Up or KeyKind.Down }:
                var count = question.Choices.Count;
                question.Chosen = question.Chosen < 0 ? (key.Kind == KeyKind.Down ? 0 : count - 1) : (question.Chosen + (key.Kind == KeyKind.Down ? 1 : count - 1)) % count;
                Choose(question);
                return true;

            case { Kind: KeyKind.Enter }:
                Answer(question, question.Chosen < 0 ? null : question.Choices[question.Chosen]);
                return true;

            case { Kind: KeyKind.Text, Text: [>= '1' and <= '4'] } when question.Choices.Contains((Choice)(key.Text[0] - '0')):
                Answer(question, (Choice)(key.Text[0] - '0'));
                return true;

            default:
                return false;
        }
    }

    private static Choice? Spoken(string text) => text.ToUpperInvariant() switch { "Y" or "YES" => Choice.Yes, "N" or "NO" => Choice.No, _ => null };

    private void Answer(Question question, Choice? choice)
    {
        switch (choice)
        {
            case null:
                view.Hint("A digit answers, or ↑ ↓ and Enter.");
                break;

            case Choice.Yes:
                question.Answer.TrySetResult(new PermissionAnswer.Granted(question.IsChanged ? question.Input : null));
                break;

            case Choice.Always:
                question.Answer.TrySetResult(new PermissionAnswer.Granted(Apply: policy => PermissionUpdate.Apply(policy, question.Workplace, question.Rules, mayBypass: false)));
                break;

            case Choice.Change:
                question.Writing = Writing.Change;
                editor.Set(question.Input.Text(question.Field!) ?? "");
                view.Ask([question.Field == "command" ? "Change the command; Enter runs it, Esc goes back."
                    : "Change the new text; Enter shows what becomes of it, Alt-Enter begins a line, Esc goes back."]);
                break;

            case Choice.No:
                question.Writing = Writing.Reason;
                view.Ask(["Why not? What instead? Enter sends it, Esc goes back."]);
                break;
        }
    }

    private async Task ChangeAsync(Question question, string text)
    {
        question.Input[question.Field!] = text;
        (question.IsChanged, question.Writing, question.Chosen) = (true, Writing.Nothing, -1);

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
        var (text, refusal) = await tools.PreviewAsync(asked with { Call = asked.Call with { Input = question.Input } }, view.Width, cancellationToken);

        // Nobody need be asked about what cannot be done; the model hears why.
        if (refusal is not null)
        {
            question.Answer.TrySetResult(new PermissionAnswer.Refused(refusal));
            return;
        }

        var target = isCommand ? asked.Call.Input.Text("description") ?? "" : ToolLines.Place(asked.Subject.Target, question.Workplace.Root);
        story.Ask($"{paint.Warning("?")} {paint.Bold(asked.Tool.Name)} {paint.Quiet(TextWidth.Cut(TextWidth.Safe(target), view.Width - 12))}\n{text}");
        open = question;
        Choose(question);
    }

    private void Choose(Question question) => view.Ask([.. question.Choices.Select((choice, i) =>
    {
        var text = choice switch
        {
            Choice.Yes => "yes",
            Choice.Always => $"always {paint.Quiet(TextWidth.Cut($"in this conversation: {TextWidth.Safe(Meaning(question))}", view.Width - 12))}",
            Choice.Change => "change it first",
            _ => $"no, and say why {paint.Quiet("· Esc stops the work")}",
        };

        return $"{(i == question.Chosen ? paint.Accent("▸") : " ")} {paint.Bold($"{(int)choice}")} {text}";
    })]);

    /// <summary>What "always" would permit until this conversation ends.</summary>
    private static string Meaning(Question question)
    {
        if (question.Rules[0].Text("type") == "setMode")
        {
            return "every edit in the working directory";
        }

        var rule = question.Rules[0].Array("rules")?[0];

        return rule.Text("ruleContent") is not { } content ? $"every use of {rule.Text("toolName")}"
            : content == question.About.Subject.Target.Trim() ? "exactly this command" : $"{rule.Text("toolName")}({content})";
    }
}
