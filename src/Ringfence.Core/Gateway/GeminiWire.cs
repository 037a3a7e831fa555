using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Ringfence.Budgets;

namespace Ringfence.Gateway;

/// <summary>Gemini: the model is in the path, the output maximum one level down. Protocol buffers accept both spellings of every name.</summary>
internal sealed class GeminiWire : IModelWire
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "contents", "tools", "systemInstruction", "generationConfig", "cachedContent", "model");

    public Wire Wire => Wire.Gemini;

    public Result<CallFacts> Inspect(Route route, ReadOnlySpan<byte> body)
    {
        var read = RequestBody.Read(body, Known);

        if (!read.Succeeded(out var top))
        {
            return Result.Fail<CallFacts>(read.Failures);
        }

        var failures = new List<Failure>();

        if (top.FindEvenNull("generation_config") is not null || top.FindEvenNull("model") is not null || route.Model is null)
        {
            failures.Add(new Failure("invalid_request", "The model belongs into the path, and generationConfig is spelled so."));
        }

        var (maxTokens, candidates) = (default(long?), 1L);

        if (top.Find(body, "generationConfig") is { } place)
        {
            var config = RequestBody.Read(place.Of(body), GenerationConfig);

            if (config.Succeeded(out var inner))
            {
                if (inner.FindEvenNull("max_output_tokens") is not null || inner.FindEvenNull("candidate_count") is not null)
                {
                    failures.Add(new Failure("invalid_request", "maxOutputTokens and candidateCount are spelled so at this gateway."));
                }

                maxTokens = inner.Whole(place.Of(body), "maxOutputTokens", failures);
                candidates = inner.Whole(place.Of(body), "candidateCount", failures) ?? 1;
            }
            else
            {
                failures.AddRange(config.Failures);
            }
        }

        if (candidates is < 1 or > 8)
        {
            failures.Add(new Failure("invalid_request", "candidateCount is not between 1 and 8."));
        }

        var hasTools = Tools(top.Find(body, "tools") is { } tools ? tools.Of(body) : [], failures);
        var content = ContentBound.OfGemini(body);

        if (failures.Count > 0)
        {
            return Result.Fail<CallFacts>(failures);
        }

        return new CallFacts
        {
            Model = route.Model!,
            Streamed = route.Streamed,
            MaxTokensAsked = maxTokens,
            Answers = (int)candidates,
            InputUnbounded = content.Unbounded,
            HasTools = hasTools,
        };
    }

    public byte[] Rewrite(ReadOnlySpan<byte> body, CallFacts facts, long? maxTokens)
    {
        if (maxTokens is not { } most)
        {
            return body.ToArray();
        }

        var number = most.ToString(CultureInfo.InvariantCulture);
        var place = JsonSkim.Object(body)!.Find(m => m.Name == "generationConfig");

        return place.Name is null || JsonRead.IsNull(place.Of(body))
            ? BodyEdit.Set(body, "generationConfig", $"{{\"maxOutputTokens\":{number}}}")
            : [.. body[..place.Start], .. BodyEdit.Set(place.Of(body), "maxOutputTokens", number), .. body[place.End..]];
    }

    public IReadOnlyList<Part> Parts(ReadOnlySpan<byte> body) => Conversation.Parts(body, "systemInstruction", "tools", "contents");

    public UsageReader NewReader() => new GeminiUsageReader();

    public byte[] Error(int status, string code, string message) => JsonSerializer.SerializeToUtf8Bytes(
        new GeminiError(new GeminiErrorDetail(status, $"{message} [{code}]", Status(status))), WireJson.Default.GeminiError);

    private static readonly FrozenSet<string> GenerationConfig = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "maxOutputTokens", "candidateCount", "thinkingConfig");

    private static string Status(int status) => status switch
    {
        400 or 413 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        402 or 403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };

    private static bool Tools(ReadOnlySpan<byte> tools, List<Failure> failures)
    {
        if (tools.IsEmpty)
        {
            return false;
        }

        if (JsonSkim.Array(tools) is not { } elements)
        {
            failures.Add(new Failure("invalid_request", "tools is not an array."));
            return false;
        }

        foreach (var element in elements)
        {
            foreach (var member in JsonSkim.Object(element.Of(tools)) ?? [])
            {
                if (member.Name is not ("functionDeclarations" or "function_declarations"))
                {
                    failures.Add(new Failure(
                        "unpriced_option", $"The tool {Printable.Escape(member.Name)} runs at the provider and has no price in the table."));
                }
            }
        }

        return elements.Count > 0;
    }
}

internal sealed class GeminiUsageReader : UsageReader
{
    protected override bool Matters(ReadOnlySpan<byte> data) => data.IndexOf("\"usageMetadata\""u8) >= 0 || data.IndexOf("\"error\""u8) >= 0;

    protected override void OnJson(ReadOnlySpan<byte> json)
    {
        using var document = JsonRead.Parse(json);

        if (document?.RootElement is not { } root)
        {
            return;
        }

        // Without alt=sse, a stream is one array that grows.
        if (root.ValueKind == JsonValueKind.Array)
        {
            foreach (var element in root.EnumerateArray())
            {
                Take(element);
            }
        }
        else
        {
            Take(root);
        }
    }

    private void Take(JsonElement? chunk)
    {
        Model = chunk.Get("modelVersion").Text() ?? Model;
        MidwayError = chunk.Get("error").Get("status").Text() ?? MidwayError;

        if (chunk.Get("candidates") is { ValueKind: JsonValueKind.Array } candidates && candidates.GetArrayLength() > 0
            && ((JsonElement?)candidates[0]).Get("finishReason").Text() is { } reason)
        {
            StopReason = reason;
            IsComplete = true;
        }

        if (chunk.Get("promptFeedback").Get("blockReason").Text() is { } blocked)
        {
            StopReason = blocked;
            IsComplete = true;
        }

        // Every chunk reports the sums so far; only those of the last one are final.
        if (chunk.Get("usageMetadata") is not { } usage || !IsComplete)
        {
            return;
        }

        var prompt = usage.Get("promptTokenCount").Count();
        var cached = usage.Get("cachedContentTokenCount").Count();
        var tools = usage.Get("toolUsePromptTokenCount").Count();
        var thoughts = usage.Get("thoughtsTokenCount").Count();
        var answer = usage.Get("candidatesTokenCount").Count();

        var report = new Usage(
            prompt < 0 || cached < 0 || tools < 0 ? -1 : prompt - cached + tools, cached, 0, 0,
            thoughts < 0 || answer < 0 ? -1 : thoughts + answer, thoughts, 0);

        Final = report.IsCredible ? report : null;
    }
}
