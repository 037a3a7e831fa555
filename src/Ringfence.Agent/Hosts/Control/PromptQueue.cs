using System.Text.Json.Nodes;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Prompts that wait for their turn. Each can be taken back until it has begun.</summary>
internal sealed class PromptQueue
{
    private readonly List<JsonObject> waiting = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool complete;

    /// <summary>The names of those that wait and have one.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (waiting)
            {
                return [.. waiting.Select(w => w.Text("uuid")).OfType<string>()];
            }
        }
    }

    public void Add(JsonObject prompt)
    {
        lock (waiting)
        {
            waiting.Add(prompt);
            changed.TrySetResult();
        }
    }

    /// <summary>The next prompt, when there is one; null when none will come any more.</summary>
    public async Task<JsonObject?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next;

            lock (waiting)
            {
                if (waiting is [var first, ..])
                {
                    waiting.RemoveAt(0);
                    return first;
                }

                if (complete)
                {
                    return null;
                }

                changed = changed.Task.IsCompleted ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : changed;
                next = changed.Task;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    /// <summary>False when no such prompt waits (any more).</summary>
    public bool Remove(string name)
    {
        lock (waiting)
        {
            return waiting.RemoveAll(w => w.Text("uuid") == name) > 0;
        }
    }

    public void Complete()
    {
        lock (waiting)
        {
            complete = true;
            changed.TrySetResult();
        }
    }
}
