using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Ringfence.App.Api;

/// <summary>The OpenAPI 3.1 description, made from what is routed and from the contracts that are enforced.</summary>
internal static partial class OpenApiDocument
{
    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathParameter { get; }

    public static JsonObject Of(IEnumerable<ApiOperation> operations)
    {
        var paths = new JsonObject();
        var schemas = new JsonObject();

        foreach (var path in operations.GroupBy(operation => operation.Path).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            paths[path.Key] = new JsonObject(path.OrderBy(operation => operation.Method, StringComparer.Ordinal)
                .Select(operation => KeyValuePair.Create(operation.Method.ToLowerInvariant(), (JsonNode?)Operation(operation, schemas))));
        }

        Add(schemas, ApiJson.Default.Problem);

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "Ringfence", ["version"] = "1", ["description"] = "Runs coding agents in production. Errors are application/problem+json." },
            ["security"] = new JsonArray(new JsonObject { ["key"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "rf_live_…" } },
                ["schemas"] = schemas,
            },
        };
    }

    private static JsonObject Operation(ApiOperation operation, JsonObject schemas)
    {
        var answer = new JsonObject { ["description"] = operation.Status switch { 201 => "Made.", 202 => "Taken on.", 204 => "Done.", _ => "Here it is." } };

        if (operation.Answer is not null || operation is { AnswerType: not "application/json" })
        {
            answer["content"] = new JsonObject { [operation.AnswerType] = new JsonObject { ["schema"] = operation.Answer is { } contract ? Add(schemas, contract) : new JsonObject { ["type"] = "string" } } };
        }

        var described = new JsonObject
        {
            ["summary"] = operation.Summary,
            ["description"] = operation.Role is { } role ? $"Role: {role.ToString().ToLowerInvariant()}." : "No key is needed.",
            ["parameters"] = new JsonArray(
            [
                .. PathParameter.Matches(operation.Path).Select(match => Parameter("path", match.Groups[1].Value, new JsonObject { ["type"] = "string" }, required: true)),
                .. operation.Query.Select(parameter => Parameter("query", parameter.Name, Schema(parameter), required: false, parameter.Description)),
                .. operation.Headers.Select(name => Parameter("header", name, new JsonObject { ["type"] = "string", ["maxLength"] = 255 }, required: false)),
            ]),
            ["responses"] = new JsonObject
            {
                [operation.Status.ToString(CultureInfo.InvariantCulture)] = answer,
                ["default"] = new JsonObject
                {
                    ["description"] = "What was wrong, with a code and a hint.",
                    ["content"] = new JsonObject { ["application/problem+json"] = new JsonObject { ["schema"] = Reference("Problem") } },
                },
            },
        };

        if (operation.Role is null)
        {
            described["security"] = new JsonArray();
        }

        if (operation.Body is { } body)
        {
            described["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = Add(schemas, body) } },
            };
        }

        return described;
    }

    private static JsonObject Parameter(string where, string name, JsonObject schema, bool required, string? description = null)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = where, ["required"] = required, ["schema"] = schema };

        if (description is not null)
        {
            parameter["description"] = description;
        }

        return parameter;
    }

    private static JsonObject Schema(QueryParameter parameter) => parameter switch
    {
        { IsNumber: true } => new JsonObject { ["type"] = "integer", ["minimum"] = parameter.Least, ["maximum"] = parameter.Most },
        { Choices.Count: > 0 } => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. parameter.Choices.Select(choice => (JsonNode)choice)]) },
        _ => new JsonObject { ["type"] = "string", ["maxLength"] = parameter.Longest },
    };

    private static JsonObject Add(JsonObject schemas, JsonTypeInfo contract)
    {
        var isList = contract.Kind is JsonTypeInfoKind.Enumerable;
        var element = isList ? contract.Options.GetTypeInfo(contract.ElementType!) : contract;
        schemas.TryAdd(element.Type.Name, element.GetJsonSchemaAsNode(new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = WithRules }));
        return isList ? new JsonObject { ["type"] = "array", ["items"] = Reference(element.Type.Name) } : Reference(element.Type.Name);
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    /// <summary>Ranges, lengths and words, from the same attributes by which bodies are refused.</summary>
    private static JsonNode WithRules(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (schema is not JsonObject described)
        {
            return schema;
        }

        foreach (var attribute in context.PropertyInfo?.AttributeProvider?.GetCustomAttributes(inherit: true) ?? [])
        {
            switch (attribute)
            {
                case DescriptionAttribute text:
                    described.Insert(0, "description", text.Description);
                    break;
                case RangeAttribute range:
                    described["minimum"] = Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture);
                    described["maximum"] = Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture);
                    break;
                case StringLengthAttribute length:
                    described["minLength"] = length.MinimumLength;
                    described["maxLength"] = length.MaximumLength;
                    break;
                case AllowedValuesAttribute allowed:
                    described["enum"] = new JsonArray([.. allowed.Values.Select(value => JsonValue.Create(value?.ToString()))]);
                    break;
                case RegularExpressionAttribute form:
                    described["pattern"] = form.Pattern;
                    break;
                case TextsAttribute texts:
                    described["maxItems"] = texts.Most;
                    break;
                case ItemsAttribute items:
                    described["maxItems"] = items.Most;
                    break;
            }
        }

        var required = context.PropertyInfo is null && context.TypeInfo.Kind is JsonTypeInfoKind.Object
            ? context.TypeInfo.Properties.Where(property => property.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) == true).Select(property => property.Name).ToList()
            : [];

        if (required.Count > 0)
        {
            described["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]);
        }

        return schema;
    }
}
