using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Ringfence.Audit;
using Ringfence.Gateway;

namespace Ringfence.Agents;

/// <summary>
/// Reads an agent's standard output to its end and puts what it says on the record, as reported. Flat in memory whatever is printed: a line
/// over the limit is cut, and what is already recorded is not kept.
/// </summary>
internal sealed class AgentListener(AgentEventReader reader, IRecorder recorder, GatewayLease lease, ToolWatch rules)
{
    private const int LongestLine = 8 << 20;
    private const int LongestText = 4096;

    /// <summary>What of an agent's words goes on the record: a flood would fill the store, and nobody reads it. Its last word and its session always do.</summary>
    private const int MostEvents = 50_000;
    private const long MostBytes = 256L << 20;

    private readonly Dictionary<string, string> toolsById = [];
    private string? lastWarning;
    private long events;
    private long bytes;
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string? Session { get; private set; }

    public string? LastText { get; private set; }

    public AgentEvent.Finished? Claim { get; private set; }

    public long UnknownLines { get; private set; }

    /// <summary>The last line that was not of the format; what a crash or a wrong flag says.</summary>
    public string? LastUnknown { get; private set; }

    /// <summary>Rises with everything that is heard; the watchdog compares it.</summary>
    public long Heard { get; private set; }

    /// <summary>Completes with the first last word; some agents have several.</summary>
    public Task Finished => finished.Task;

    public bool IsConversation => reader.IsConversation;

    public async Task ListenAsync(Stream output, CancellationToken cancellationToken)
    {
        var pipe = PipeReader.Create(output, new StreamPipeReaderOptions(bufferSize: 64 << 10));

        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            Heard++;

            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                Take(buffer.Slice(0, end));
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (buffer.Length > LongestLine || (read.IsCompleted && !buffer.IsEmpty))
            {
                Take(buffer);
                buffer = buffer.Slice(buffer.End);
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);

            if (read.IsCompleted)
            {
                Record(reader.End());
                return;
            }
        }
    }

    private void Take(ReadOnlySequence<byte> line) => Record(reader.Read(line.IsSingleSegment ? line.FirstSpan : line.ToArray()));

    private void Record(IReadOnlyList<AgentEvent> all)
    {
        foreach (var said in all)
        {
            if (IsKept(said) && Fact(said) is { } fact)
            {
                var seq = recorder.Append(fact with { Trust = Trust.Reported, Turn = lease.Turns });

                if (said is AgentEvent.ToolCall call && rules.WhyNot(call) is { } rule)
                {
                    recorder.Append(new ToolDenied(call.Tool, call.Id, rule) { Trust = Trust.Reported, Turn = lease.Turns, Causes = [seq] });
                }
            }
        }
    }

    private bool IsKept(AgentEvent said)
    {
        if (said is AgentEvent.Started or AgentEvent.Finished)
        {
            return true;
        }

        if (events > MostEvents || bytes > MostBytes)
        {
            Note(said);
            return false;
        }

        if (++events > MostEvents || (bytes += Length(said)) > MostBytes)
        {
            Note(said);
            recorder.Append(Said("error", "It says more than is kept: the rest of its words is not on the record.") with { Trust = Trust.Reported, Turn = lease.Turns });
            return false;
        }

        return true;
    }

    private static int Length(AgentEvent said) => said switch
    {
        AgentEvent.Text text => text.Content.Length,
        AgentEvent.ToolCall call => call.Input.Length,
        AgentEvent.ToolResult result => result.Output.Length,
        AgentEvent.Unknown unknown => unknown.Line.Length,
        _ => 0,
    };

    /// <summary>What the ending is told from, recorded or not.</summary>
    private void Note(AgentEvent said)
    {
        if (said is AgentEvent.Text text)
        {
            LastText = text.Content;
        }
        else if (said is AgentEvent.Unknown unknown)
        {
            UnknownLines++;
            LastUnknown = unknown.Line;
        }
    }

    private AuditFact? Fact(AgentEvent said)
    {
        switch (said)
        {
            case AgentEvent.Started started:
                // Some agents begin anew with every turn, under the same name.
                if (started.SessionId is null || started.SessionId == Session)
                {
                    return null;
                }

                Session = started.SessionId;
                return new AgentSession(Session);

            case AgentEvent.Text text:
                Note(said);
                return Said("text", text.Content);

            case AgentEvent.ToolCall call:
                toolsById[call.Id] = call.Tool;
                return new ToolCalled(call.Tool, call.Id, Cut(call.Input), Keep(call.Input));

            case AgentEvent.ToolResult result:
                // What was called and never returned stays in the table: agents have few of those, and they end with the run.
                toolsById.Remove(result.Id, out var tool);
                return new ToolReturned(
                    tool ?? "?", result.Id, result.IsError, Encoding.UTF8.GetByteCount(result.Output), ToolSummary.Result(tool ?? "?", result.IsError, result.Output, 200),
                    Keep(result.Output));

            case AgentEvent.Retry retry:
                return Said("retry", $"attempt {retry.Attempt}: {retry.Reason}");

            case AgentEvent.Denied denied:
                return Said("permission_denied", $"{denied.Tool}: {denied.Reason}");

            case AgentEvent.Warning warning:
                lastWarning = warning.Message;
                return Said("error", warning.Message);

            case AgentEvent.Used used:
                return Said("usage", string.Create(CultureInfo.InvariantCulture, $"{used.InputTokens} tokens in, {used.OutputTokens} out"));

            case AgentEvent.Finished last:
                // Some end with a bare "failed", having said before what was wrong.
                Claim = last.Outcome == AgentOutcome.Failed ? last with { Message = last.Message ?? lastWarning } : last;
                lease.EndOfAnswer();
                finished.TrySetResult();
                return Said("result", Claim.Message ?? last.Outcome.ToString());

            case AgentEvent.Unknown unknown:
                Note(said);
                return Said("unknown", unknown.Line);

            default:
                return null;
        }
    }

    private AgentSaid Said(string kind, string text) => new(kind, Cut(text), Keep(text));

    private string Keep(string text) => recorder.Keep(Encoding.UTF8.GetBytes(text));

    private static string Cut(string text) => text.Length <= LongestText ? text : text[..LongestText] + "…";
}
