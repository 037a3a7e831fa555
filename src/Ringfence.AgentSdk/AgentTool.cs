using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Ringfence.AgentSdk;

/// <summary>A tool that runs in this process.</summary>
public sealed class AgentTool
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web) { TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver() };

    private readonly Func<JsonObject, CancellationToken, Task<string>> run;

    public AgentTool(string name, string description, JsonObject inputSchema, Func<JsonObject, CancellationToken, Task<string>> run)
    {
        (Name, Description, InputSchema, this.run) = (name, description, inputSchema, run);
    }

    public string Name { get; }

    public string Description { get; }

    public JsonObject InputSchema { get; }

    /// <summary>
    /// Makes a tool of a method: its parameters are the input, by name, those with a default may be left out; a <see cref="CancellationToken"/> is passed through.
    /// A string is shown to the model as it is, anything else as JSON; an exception becomes a tool error.
    /// </summary>
    public static AgentTool From(string name, string description, Delegate method)
    {
        var parameters = method.Method.GetParameters();
        var properties = new JsonObject();
        var required = new JsonArray();

        foreach (var parameter in parameters.Where(p => p.ParameterType != typeof(CancellationToken)))
        {
            var schema = Web.GetJsonSchemaAsNode(parameter.ParameterType);
            properties[parameter.Name!] = schema;

            if (!parameter.HasDefaultValue)
            {
                required.Add((JsonNode)parameter.Name!);
            }
        }

        return new AgentTool(
            name, description, new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required },
            (input, cancellationToken) => InvokeAsync(method, parameters, input, cancellationToken));
    }

    internal async Task<JsonObject> CallAsync(JsonObject input, CancellationToken cancellationToken)
    {
        try
        {
            return Result(await run(input, cancellationToken), isError: false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever a tool throws is for the model to deal with; it must not end the session.
            return Result((e as TargetInvocationException)?.InnerException?.Message ?? e.Message, isError: true);
        }
    }

    private static JsonObject Result(string text, bool isError) => new()
    {
        ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }), ["isError"] = isError,
    };

    private static async Task<string> InvokeAsync(Delegate method, ParameterInfo[] parameters, JsonObject input, CancellationToken cancellationToken)
    {
        var arguments = parameters.Select(p => p.ParameterType == typeof(CancellationToken) ? cancellationToken
            : input.TryGetPropertyValue(p.Name!, out var value) ? value.Deserialize(p.ParameterType, Web)
            : p.HasDefaultValue ? p.DefaultValue : throw new ArgumentException($"'{p.Name}' is missing.")).ToArray();

        var result = method.DynamicInvoke(arguments);

        if (result is Task task)
        {
            await task;
            result = task.GetType().GetProperty("Result") is { } property && property.PropertyType.Name != "VoidTaskResult" ? property.GetValue(task) : null;
        }

        return result as string ?? JsonSerializer.Serialize(result, Web);
    }
}
