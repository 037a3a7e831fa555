using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Ringfence.Agents;

/// <summary>
/// Turns an agent's standard output, line by line, into what it says of itself. Never throws on what an agent prints. One per start: some
/// formats make sense only by what came before.
/// </summary>
internal abstract class AgentEventReader
{
    private readonly Channel<byte[]> outgoing = Channel.CreateUnbounded<byte[]>();

    public static IReadOnlyList<string> Formats { get; } = ["claude-stream-json", "codex-jsonl", "gemini-stream-json", "opencode-json", "acp", "text"];

    public static AgentEventReader For(AgentDescription agent, AgentTemplate template) => agent.Events switch
    {
        "claude-stream-json" => new ClaudeStreamReader(),
        "codex-jsonl" => new CodexReader(),
        "gemini-stream-json" => new GeminiReader(),
        "opencode-json" => new OpencodeReader(),
        "acp" => new AcpConversation(template.Prompt, template.Session),
        _ => new TextReader(),
    };

    /// <summary>What goes to standard input, which is closed after the last of it.</summary>
    public ChannelReader<byte[]> Outgoing => outgoing.Reader;

    /// <summary>Every line of the format is a JSON object.</summary>
    protected virtual bool IsJson => true;

    /// <summary>True while the agent waits for what this reader says: its end comes by closing its standard input.</summary>
    public virtual bool IsConversation => false;

    /// <summary>Begins what goes to standard input: one text and its end, or the first words of a conversation.</summary>
    public virtual void Open(string? input)
    {
        if (input is { Length: > 0 })
        {
            Say(input);
        }

        Close();
    }

    /// <param name="line">One line without its end; UTF-8 as a rule, anything in fact.</param>
    public IReadOnlyList<AgentEvent> Read(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
        {
            return [];
        }

        // A program that floods its output with something else must not cost an exception for every line.
        if (IsJson && line[0] != (byte)'{')
        {
            return [new AgentEvent.Unknown(Encoding.UTF8.GetString(line))];
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

    /// <summary>What was held back until more came, when no more comes.</summary>
    public virtual IReadOnlyList<AgentEvent> End()
    {
        Close();
        return [];
    }

    protected abstract IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line);

    protected void Say(string text) => outgoing.Writer.TryWrite(Encoding.UTF8.GetBytes(text));

    protected void Close() => outgoing.Writer.TryComplete();

    private sealed class TextReader : AgentEventReader
    {
        protected override bool IsJson => false;

        protected override IReadOnlyList<AgentEvent> Parse(ReadOnlySpan<byte> line) => [new AgentEvent.Text(Encoding.UTF8.GetString(line))];
    }
}
