using System.Text;
using System.Text.Json;

namespace Ringfence.Agents;

/// <summary>Turns an agent's standard output, line by line, into what it says of itself. Never throws on what an agent prints.</summary>
internal abstract class AgentEventReader
{
    public static IReadOnlyList<string> Formats { get; } = ["claude-stream-json", "text"];

    public static AgentEventReader For(string format) => format switch
    {
        "claude-stream-json" => new ClaudeStreamReader(),
        _ => new TextReader(),
    };

    /// <param name="line">One line without its end; UTF-8 as a rule, anything in fact.</param>
    public IReadOnlyList<AgentEvent> Read(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            return [];
        }

        try
        {
            return Parse(line);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return [new AgentEvent.Unknown(Encoding.UTF8.GetString(line))];
        }
    }

    protected abstract IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line);

    private sealed class TextReader : AgentEventReader
    {
        protected override IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line) => [new AgentEvent.Text(Encoding.UTF8.GetString(line))];
    }
}
