namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>The terminal in other hands for a while: the shell's after Ctrl-Z, an editor's after Ctrl-G. What happens meanwhile is told afterwards.</summary>
internal sealed class TerminalLoan(TerminalDevice device, TerminalView view, TypedKeys keys, LineEditor prompt, TimeProvider time, Func<string, string?> environment) : IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(300);

    private ITimer? comingBack;

    public void Dispose() => comingBack?.Dispose();

    public void ToTheShell()
    {
        view.Lend();
        device.Suspend();
    }

    /// <summary>
    /// Somebody let us go on. In the background the terminal is the shell's, and raw mode would take its keys away: the work goes on unseen until we are
    /// brought back, of which no signal tells when we were not stopped again.
    /// </summary>
    public void FromTheShell()
    {
        if (!TerminalDevice.IsOurs)
        {
            comingBack ??= time.CreateTimer(_ => FromTheShell(), null, LookAgain, LookAgain);
            return;
        }

        comingBack?.Dispose();
        comingBack = null;
        device.SetRaw();
        view.Return();
    }

    public async Task ToAnEditorAsync()
    {
        view.Lend();

        await keys.LeaveToAsync(async () =>
        {
            device.Restore();
            var (text, failure) = await ExternalEditor.ChangeAsync(prompt.Text, environment);
            device.SetRaw();
            view.Hint(failure ?? "");

            if (text is not null)
            {
                prompt.Change(text);
            }
        });

        view.Return();
    }
}
