using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Runs;

namespace Ringfence.Audit;

/// <summary>
/// A run as one OpenTelemetry trace in OTLP/JSON: the run, below it model calls, tool calls and commands as spans, refusals as events. Attribute names
/// are those of the GenAI semantic conventions 1.38, which are experimental: the version stands in the schema's address.
/// </summary>
internal static class OtlpTrace
{
    public const string Schema = "https://opentelemetry.io/schemas/1.38.0";

    public static IEnumerable<string> Lines(RunId run, IReadOnlyList<AuditEvent> events)
    {
        if (events.Count == 0)
        {
            yield break;
        }

        var root = Root(run, events);
        var spans = new JsonArray([root, .. Calls(run, events), .. Tools(run, events), .. Commands(run, events)]);

        yield return new JsonObject
        {
            ["resourceSpans"] = new JsonArray(new JsonObject
            {
                ["schemaUrl"] = Schema,
                ["resource"] = new JsonObject { ["attributes"] = Attributes(("service.name", "ringfence"), ("ringfence.run.id", run.Value)) },
                ["scopeSpans"] = new JsonArray(new JsonObject { ["scope"] = new JsonObject { ["name"] = "ringfence.audit" }, ["spans"] = spans }),
            }),
        }.ToJsonString();
    }

    private static JsonObject Root(RunId run, IReadOnlyList<AuditEvent> events)
    {
        var started = events.Select(happened => happened.Fact).OfType<RunStarted>().FirstOrDefault();
        var ended = events.Select(happened => happened.Fact).OfType<RunEnded>().LastOrDefault();
        var span = Span(
            run, -1, $"invoke_agent {started?.Agent ?? "agent"}", events[0].AtMicroseconds, events[0].AtMicroseconds + events[^1].MonoMicroseconds,
            ended?.Status is null or "completed",
            ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", started?.Agent), ("gen_ai.conversation.id", run.Value),
            ("ringfence.run.status", ended?.Status), ("ringfence.run.reason", ended?.Reason), ("ringfence.cost.nanodollars", ended?.CostNanodollars));

        span["events"] = new JsonArray(
        [
            .. events.Where(happened => happened.Fact is NetworkConnection { Allowed: false } or BudgetDenied or GateFinding or SecretLeakBlocked)
                .Select(happened => new JsonObject
                {
                    ["timeUnixNano"] = Nano(happened.AtMicroseconds),
                    ["name"] = happened.Type,
                    ["attributes"] = Attributes(("ringfence.seq", happened.Seq), ("ringfence.data", happened.Data.GetRawText())),
                }),
        ]);
        return span;
    }

    private static IEnumerable<JsonObject> Calls(RunId run, IReadOnlyList<AuditEvent> events)
    {
        var answers = events.Where(happened => happened.Fact is ModelResponded).ToLookup(happened => ((ModelResponded)happened.Fact!).Call);

        foreach (var asked in events)
        {
            if (asked.Fact is not ModelRequested request || answers[request.Call].FirstOrDefault() is not { Fact: ModelResponded answer } end)
            {
                continue;
            }

            yield return Span(
                run, asked.Seq, $"chat {request.ModelUsed}", asked.AtMicroseconds, end.AtMicroseconds, answer.Status < 400,
                ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", request.Provider), ("gen_ai.request.model", request.ModelAsked),
                ("gen_ai.response.model", request.ModelUsed), ("gen_ai.request.max_tokens", request.MaxTokensSent),
                ("gen_ai.usage.input_tokens", answer.InputTokens + answer.CacheReadTokens + answer.CacheWrite5mTokens + answer.CacheWrite1hTokens),
                ("gen_ai.usage.output_tokens", answer.OutputTokens), ("gen_ai.usage.cache_read.input_tokens", answer.CacheReadTokens),
                ("gen_ai.usage.cache_creation.input_tokens", answer.CacheWrite5mTokens + answer.CacheWrite1hTokens),
                ("gen_ai.response.finish_reasons", answer.StopReason), ("http.response.status_code", answer.Status),
                ("ringfence.cost.nanodollars", answer.CostNanodollars), ("ringfence.turn", asked.Turn), ("ringfence.seq", asked.Seq));
        }
    }

    private static IEnumerable<JsonObject> Tools(RunId run, IReadOnlyList<AuditEvent> events)
    {
        var returned = events.Where(happened => happened.Fact is ToolReturned).ToLookup(happened => ((ToolReturned)happened.Fact!).CallId);

        foreach (var asked in events)
        {
            if (asked.Fact is ToolCalled call)
            {
                var end = returned[call.CallId].FirstOrDefault();
                yield return Span(
                    run, asked.Seq, $"execute_tool {call.Tool}", asked.AtMicroseconds, end?.AtMicroseconds ?? asked.AtMicroseconds,
                    end?.Fact is not ToolReturned { IsError: true },
                    ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", call.Tool), ("gen_ai.tool.call.id", call.CallId),
                    ("ringfence.trust", asked.Trust.ToString().ToLowerInvariant()), ("ringfence.turn", asked.Turn), ("ringfence.seq", asked.Seq));
            }
        }
    }

    private static IEnumerable<JsonObject> Commands(RunId run, IReadOnlyList<AuditEvent> events)
    {
        var finished = events.Where(happened => happened.Fact is CommandFinished)
            .ToLookup(happened => (((CommandFinished)happened.Fact!).Sandbox, ((CommandFinished)happened.Fact!).Command));

        foreach (var asked in events)
        {
            if (asked.Fact is CommandStarted start)
            {
                var end = finished[(start.Sandbox, start.Command)].FirstOrDefault();
                yield return Span(
                    run, asked.Seq, $"exec {start.Executable}", asked.AtMicroseconds, end?.AtMicroseconds ?? asked.AtMicroseconds,
                    end?.Fact is not CommandFinished { Known: true, ExitCode: not 0 },
                    ("process.executable.path", start.Executable), ("process.pid", start.Pid), ("process.command_line", string.Join(' ', start.Arguments)),
                    ("process.exit.code", (end?.Fact as CommandFinished)?.ExitCode), ("ringfence.sandbox", start.Sandbox), ("ringfence.seq", asked.Seq));
            }
        }
    }

    /// <param name="seq">The event that the span is named after; -1 for the run itself.</param>
    private static JsonObject Span(
        RunId run, long seq, string name, long startMicroseconds, long endMicroseconds, bool isOk, params (string Name, object? Value)[] attributes)
    {
        var span = new JsonObject
        {
            ["traceId"] = Id(run.Value, 16),
            ["spanId"] = Id($"{run}/{seq}", 8),
            ["name"] = name,
            ["kind"] = name.StartsWith("chat", StringComparison.Ordinal) ? 3 : 1,
            ["startTimeUnixNano"] = Nano(startMicroseconds),
            ["endTimeUnixNano"] = Nano(Math.Max(startMicroseconds, endMicroseconds)),
            ["attributes"] = Attributes(attributes),
            ["status"] = new JsonObject { ["code"] = isOk ? 0 : 2 },
        };

        if (seq >= 0)
        {
            span["parentSpanId"] = Id($"{run}/-1", 8);
        }

        return span;
    }

    private static JsonArray Attributes(params (string Name, object? Value)[] attributes) => new(
    [
        .. attributes.Where(attribute => attribute.Value is not null).Select(attribute => new JsonObject
        {
            ["key"] = attribute.Name,
            ["value"] = attribute.Value switch
            {
                string text => new JsonObject { ["stringValue"] = text },
                var number => new JsonObject { ["intValue"] = Convert.ToString(number, CultureInfo.InvariantCulture) },
            },
        }),
    ]);

    // Derived, so that exporting again gives the same spans instead of a second trace.
    private static string Id(string name, int bytes) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, bytes));

    private static string Nano(long microseconds) => (microseconds * 1000).ToString(CultureInfo.InvariantCulture);
}
