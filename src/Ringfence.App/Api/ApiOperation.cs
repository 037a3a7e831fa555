using System.Text.Json.Serialization.Metadata;
using Ringfence.Access;

namespace Ringfence.App.Api;

/// <summary>One operation of the API: what routes it, guards it and describes it in the OpenAPI document, so that the three cannot differ.</summary>
/// <param name="Method"><c>GET</c>, <c>POST</c>, <c>PUT</c>, <c>PATCH</c> or <c>DELETE</c>.</param>
/// <param name="Path">Route with parameters in braces, such as <c>/v1/runs/{id}</c>.</param>
/// <param name="Role">What the caller's key must be; null needs no key.</param>
internal sealed record ApiOperation(string Method, string Path, Role? Role, string Summary)
{
    public IReadOnlyList<QueryParameter> Query { get; init; } = [];

    /// <summary>Request headers that it reads, beside the key.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Contract of the request's body; null when there is none.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>Contract of the answer's body; null for an answer without JSON.</summary>
    public JsonTypeInfo? Answer { get; init; }

    public int Status { get; init; } = 200;

    public string AnswerType { get; init; } = "application/json";
}

/// <summary>A query parameter: how it is read, and what is refused.</summary>
internal sealed record QueryParameter(string Name, string Description)
{
    /// <summary>For whole numbers: the range. Both null for text.</summary>
    public int? Least { get; init; }

    public int? Most { get; init; }

    /// <summary>When it is not given.</summary>
    public int Default { get; init; }

    /// <summary>For text: all there is, the first being the default; empty for any text.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    public int Longest { get; init; } = 500;

    public bool IsNumber => Least is not null;

    public static QueryParameter Number(string name, int @default, int least, int most, string description) =>
        new(name, description) { Default = @default, Least = least, Most = most };

    public static QueryParameter Choice(string name, IReadOnlyList<string> choices, string description) => new(name, description) { Choices = choices };
}
