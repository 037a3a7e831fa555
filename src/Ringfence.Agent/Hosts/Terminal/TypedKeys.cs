using System.Threading.Channels;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Keys as they are typed. Read by a thread of their own, because a read of the terminal cannot be cancelled.</summary>
internal sealed class TypedKeys
{
    private const int MillisecondsForTheRest = 25;

    private readonly Channel<Key> keys = Channel.CreateUnbounded<Key>();
    private readonly WakeUp wake = new();
    private readonly KeyDecoder decoder;
    private Loan? loan;

    public TypedKeys(bool isCooked)
    {
        decoder = new KeyDecoder(isCooked);
        new Thread(Read) { IsBackground = true, Name = "keys" }.Start();
    }

    public ChannelReader<Key> Reader => keys.Reader;

    /// <summary>What is typed while <paramref name="others"/> have the terminal is not ours.</summary>
    public async Task LeaveToAsync(Func<Task> others)
    {
        var mine = loan = new Loan();
        wake.Signal();
        await mine.Begun.Task;

        try
        {
            await others();
        }
        finally
        {
            mine.Ended.SetResult();
        }
    }

    private void Read()
    {
        Span<byte> buffer = stackalloc byte[16 * 1024];

        while (true)
        {
            if (TerminalDevice.Wait(wake.Descriptor) == TerminalDevice.Waited.Woken)
            {
                wake.Clear();
                loan!.Begun.SetResult();
                loan.Ended.Task.Wait();
                continue;
            }

            if (TerminalDevice.Read(buffer) is not (> 0 and var count))
            {
                break;
            }

            Write(decoder.Decode(buffer[..count], isComplete: false));

            if (decoder.IsOpen && !TerminalDevice.HasMore(MillisecondsForTheRest))
            {
                Write(decoder.Decode([], isComplete: true));
            }
        }

        keys.Writer.TryComplete();
    }

    private void Write(IReadOnlyList<Key> typed)
    {
        foreach (var key in typed)
        {
            keys.Writer.TryWrite(key);
        }
    }

    private sealed class Loan
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
