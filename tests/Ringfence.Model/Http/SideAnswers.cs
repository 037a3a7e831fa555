using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ringfence.Model;

/// <summary>What providers answer beside model calls: model lists, token counts; and the script's own state for tests in other processes.</summary>
internal static class SideAnswers
{
    public static Task WriteAsync(HttpContext context, string path, ReceivedRequest received, SimulatedModel model, ModelScript script)
    {
        var answer = (context.Request.Method, path) switch
        {
            ("GET", "/simulated") => model.State(),
            ("GET", "/simulated/requests") => new JsonObject { ["requests"] = new JsonArray([.. model.Requests.Select(Shown)]) },
            ("POST", _) when path.EndsWith("/count_tokens", StringComparison.Ordinal) => new JsonObject { ["input_tokens"] = Math.Max(1, received.Body.Length / 4) },
            ("POST", _) when path.EndsWith(":countTokens", StringComparison.Ordinal) => new JsonObject { ["totalTokens"] = Math.Max(1, received.Body.Length / 4) },
            ("GET", _) when path.EndsWith("/v1/models", StringComparison.Ordinal) => Models(script),
            ("GET", _) when path.Contains("/v1/models/", StringComparison.Ordinal) => ModelInfo(path[(path.LastIndexOf('/') + 1)..]),
            ("GET", _) when path.EndsWith("/v1beta/models", StringComparison.Ordinal) =>
                new JsonObject { ["models"] = new JsonArray(new JsonObject { ["name"] = $"models/{script.Model}", ["displayName"] = "Simulated model" }) },
            _ => null,
        };

        context.Response.StatusCode = answer is null ? 404 : 200;
        context.Response.ContentType = "application/json";

        return context.Response.WriteAsync(
            (answer ?? new JsonObject { ["error"] = new JsonObject { ["type"] = "not_found_error", ["message"] = $"The simulated model has nothing at {path}." } })
                .ToJsonString(Answer.Plain),
            context.RequestAborted);
    }

    private static JsonObject Models(ModelScript script) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray(ModelInfo(script.Model)),
        ["has_more"] = false,
        ["first_id"] = script.Model,
        ["last_id"] = script.Model,
    };

    private static JsonObject ModelInfo(string id) => new()
    {
        ["id"] = id,
        ["type"] = "model",
        ["object"] = "model",
        ["display_name"] = "Simulated model",
        ["created_at"] = "2026-01-01T00:00:00Z",
        ["created"] = 1767225600,
        ["owned_by"] = "simulated",
    };

    private static JsonObject Shown(ReceivedRequest request) => new()
    {
        ["method"] = request.Method,
        ["path"] = request.Path,
        ["headers"] = new JsonObject(request.Headers.Select(h => KeyValuePair.Create(h.Key, (JsonNode?)h.Value))),
        ["body"] = request.Text,
        ["wire"] = request.Wire,
        ["conversation"] = request.Conversation,
        ["turn"] = request.Turn,
        ["mismatch"] = request.Mismatch,
    };
}
