using System.Threading.Channels;

namespace Ringfence.Agent.Hosts.Terminal;

/// <summary>Keys as they are typed. Read by a thread of their own, because a read of the terminal cannot be cancelled.</summary>
internal static class TypedKeys
{
    public static ChannelReader<Key> Start()
    {
        var keys = Channel.CreateUnbounded<Key>();
        new Thread(() => Read(keys.Writer)) { IsBackground = true, Name = "keys" }.Start();
        return keys.Reader;
    }

    private static void Read(ChannelWriter<Key> keys)
    {
        var decoder = new KeyDecoder();
        Span<byte> buffer = stackalloc byte[4096];

        while (TerminalDevice.Read(buffer) is > 0 and var count)
        {
            foreach (var key in decoder.Decode(buffer[..count], isComplete: !TerminalDevice.HasMore(20)))
            {
                keys.TryWrite(key);
            }
        }

        keys.TryComplete();
    }
}
