using System.Text.Json.Nodes;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>What becomes of what a person sends: work now, work later, a command of theirs, or something that the program itself answers.</summary>
internal sealed class SentPrompts(OpenSession open, WorkQueue work, TerminalCommands commands, PromptBox prompt, TerminalView view, Paint paint, bool isPlain)
{
    public async Task SendAsync(Written written)
    {
        var text = written.Text.Trim();
        prompt.Suggestions.LookIn(open.Current.Workplace.Root);

        if (text.Length == 0 || (text.StartsWith('/') && await commands.TryAsync(text)))
        {
            return;
        }

        if (text.StartsWith('!'))
        {
            commands.Run(text[1..].Trim());
        }
        else if (work.IsBusy)
        {
            work.Enqueue(written);
        }
        else
        {
            Begin(written);
        }
    }

    public void Begin(Written written)
    {
        var session = open.Current;
        var rows = TextWidth.Safe(written.Shown).Split('\n').SelectMany((line, i) => StyledText.Wrap(line, view.Width, i == 0 ? paint.Accent("› ") : "  ", "  "));

        // A plain terminal has shown it while it was typed.
        view.Print(isPlain ? "" : $"\n{string.Join('\n', rows)}\n");

        var begun = work.TryBegin("Working", async stop =>
        {
            session.Workplace.Journal.Turn++;
            await new AgentLoop(session).RunAsync(await ContentAsync(session, written, stop), stop);
        });

        if (!begun)
        {
            work.Enqueue(written);
        }
    }

    /// <summary>What waited comes back to the prompt, before what was just being written.</summary>
    public void TakeBack()
    {
        if (work.TakeBack() is { Count: > 0 } waited)
        {
            var texts = waited.Select(w => w.Shown).Append(prompt.Editor.Text).Where(t => t.Length > 0);
            var (pastes, images) = (waited.SelectMany(w => w.Pastes).DistinctBy(p => p.Key), waited.SelectMany(w => w.Images).DistinctBy(p => p.Key));
            prompt.Editor.Set(new Written(string.Join('\n', texts), pastes.ToDictionary(), images.ToDictionary()));
        }
    }

    /// <summary>The text, and the images that were pasted by their paths.</summary>
    private async Task<JsonArray> ContentAsync(AgentSession session, Written written, CancellationToken cancellationToken)
    {
        JsonArray content = [Json.TextBlock(written.Text)];

        foreach (var (name, file) in written.Images)
        {
            var call = new ToolCall("", new() { ["file_path"] = file }, session.Workplace);
            var read = session.Tools.Find("Read") is { } reader ? await reader.RunAsync(call, cancellationToken) : ToolOutput.Error("files are not read in this conversation.");

            if (read.Content is JsonArray blocks)
            {
                content.Add(blocks[0]!.DeepClone());
            }
            else
            {
                view.Print(paint.Error($"{TextWidth.Safe(name)} is not sent: {TextWidth.Safe(read.Shown)}"));
            }
        }

        return content;
    }
}
