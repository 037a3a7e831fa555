using Ringfence.Audit;

namespace Ringfence.Sandboxes;

/// <summary>Turns the monitor's words about commands into facts. Everything in them was chosen by the agent: bytes, until made printable.</summary>
internal sealed class CommandRecord(string sandbox, IRecorder recorder)
{
    public void Started(ref SandboxMessage message)
    {
        var number = message.Number();
        var pid = (int)message.Number();
        var parent = message.Number();
        var executable = message.Untrusted();
        var executableDigest = message.Hex();
        var arguments = Split(message.Bytes());
        var truncated = message.Number() != 0;
        var argumentsDigest = message.Hex();
        var directory = message.Untrusted();

        recorder.Append(new CommandStarted(
            sandbox, number, pid, parent, executable, executableDigest, arguments, truncated, argumentsDigest, directory)
        {
            StartedAt = message.Number(),
        });
    }

    public void Finished(ref SandboxMessage message)
    {
        var (number, known, code, signal, duration) =
            (message.Number(), message.Number() != 0, (int)message.Number(), (int)message.Number(), message.Number());

        recorder.Append(new CommandFinished(sandbox, number, known, code, signal, duration)
        {
            ReplacedBy = message.Number(),
            EndedAt = message.Number(),
        });
    }

    private static List<string> Split(ReadOnlySpan<byte> list)
    {
        var arguments = new List<string>();

        while (!list.IsEmpty)
        {
            var length = list.IndexOf((byte)0);
            arguments.Add(Printable.Escape(length < 0 ? list : list[..length]));
            list = length < 0 ? [] : list[(length + 1)..];
        }

        return arguments;
    }
}
