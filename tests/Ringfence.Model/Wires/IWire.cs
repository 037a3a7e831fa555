using System.Text.Json.Nodes;

namespace Ringfence.Model;

/// <summary>One provider's HTTP format: reads its requests, writes its answers whole or as a stream.</summary>
internal interface IWire
{
    /// <summary>Name as in agent descriptions: <c>anthropic</c>, <c>openai-responses</c>, <c>openai-chat</c>, <c>gemini</c>.</summary>
    string Name { get; }

    /// <summary>Whether a POST to this path, whatever stands before the known end of it, is a model call.</summary>
    bool Takes(string path);

    ModelRequest Read(string path, IReadOnlyDictionary<string, string> headers, byte[] body, JsonObject json);

    JsonObject Whole(Answer answer);

    /// <summary>The stream's events, each with its blank line.</summary>
    IEnumerable<string> Events(Answer answer);

    JsonObject Error(int status, string? type, string message);

    /// <summary>What this provider sends when it fails in the middle of a stream.</summary>
    string ErrorEvent { get; }
}
