namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>One thing is worked on at a time; what is sent meanwhile waits its turn.</summary>
internal sealed class WorkQueue(TerminalView view, Paint paint) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Queue<Written> waiting = new();
    private CancellationTokenSource? current;

    public bool IsBusy
    {
        get
        {
            lock (gate)
            {
                return current is not null;
            }
        }
    }

    /// <summary>How a prompt that waited is taken up.</summary>
    public required Action<Written> Next { get; init; }

    /// <summary>Starts the work, or returns false while other work goes on.</summary>
    public bool TryBegin(string what, Func<CancellationToken, Task> work)
    {
        lock (gate)
        {
            if (current is not null)
            {
                return false;
            }

            current = new CancellationTokenSource();
        }

        view.Working(what);
        _ = WorkAsync(work, current.Token);
        return true;
    }

    public void Enqueue(Written prompt)
    {
        lock (gate)
        {
            waiting.Enqueue(prompt);
        }

        Show();

        if (!IsBusy)
        {
            TakeNext(); // it ended in this very moment
        }
    }

    public void Stop()
    {
        lock (gate)
        {
            current?.Cancel();
        }
    }

    /// <summary>What waits, given back: after a stop a person may want to say something else.</summary>
    public IReadOnlyList<Written> TakeBack()
    {
        Written[] all;

        lock (gate)
        {
            all = [.. waiting];
            waiting.Clear();
        }

        Show();
        return all;
    }

    public void Dispose() => current?.Dispose();

    private async Task WorkAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            // Not on the thread that handles keys: a person can stop it from the first moment.
            await Task.Run(() => work(cancellationToken), CancellationToken.None);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            view.Print(paint.Warning("Stopped."));
        }
        catch (Exception e)
        {
            view.Print(paint.Error($"Internal error: {TextWidth.Safe(e.ToString())}"));
        }

        // Together: whoever sees it at rest may ask for what needs rest.
        lock (gate)
        {
            current?.Dispose();
            current = null;
            view.Idle();
        }

        TakeNext();
    }

    private void TakeNext()
    {
        Written? next;

        lock (gate)
        {
            if (current is not null || !waiting.TryDequeue(out next))
            {
                return;
            }
        }

        Show();
        Next(next);
    }

    private void Show()
    {
        lock (gate)
        {
            view.Wait([.. waiting.Select(w => w.Shown.Replace('\n', ' '))]);
        }

        view.Draw();
    }
}
