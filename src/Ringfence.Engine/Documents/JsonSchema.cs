using System.Text.Json.Nodes;

namespace Ringfence.Documents;

/// <summary>Prints a table of keys as JSON Schema (draft 2020-12), for editors that complete and check while one types.</summary>
internal static class JsonSchema
{
    public static JsonObject Of(string title, IReadOnlyList<DocumentKey> keys)
    {
        var schema = Mapping(keys);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", title);
        return schema;
    }

    private static JsonObject Mapping(IReadOnlyList<DocumentKey> keys)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject(keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)Value(key)))),
        };

        if (keys.Where(key => key.Required).Select(key => (JsonNode)key.Name).ToArray() is { Length: > 0 } required)
        {
            schema["required"] = new JsonArray(required);
        }

        return schema;
    }

    private static JsonObject Value(DocumentKey key)
    {
        var schema = Plain(key);
        schema["description"] = key.Description;
        return schema;
    }

    private static JsonObject Plain(DocumentKey key) => key switch
    {
        ChoiceKey choice => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. choice.Choices.Select(c => (JsonNode)c)]) },
        NumberKey number => new JsonObject { ["type"] = "integer", ["minimum"] = number.Least, ["maximum"] = number.Most },
        BooleanKey => new JsonObject { ["type"] = "boolean" },
        NamesKey names => new JsonObject { ["type"] = "object", ["additionalProperties"] = Either(Plain(names.Short), Mapping(names.Keys)) },
        AmountKey => new JsonObject { ["type"] = new JsonArray("string", "number"), ["pattern"] = @"^\$?[0-9]+(\.[0-9]+)?$", ["exclusiveMinimum"] = 0 },
        TimeKey => new JsonObject { ["type"] = "string", ["pattern"] = "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$" },
        SizeKey => new JsonObject { ["type"] = new JsonArray("string", "integer") },
        ListKey { Single: true } => Either(new JsonObject { ["type"] = "string" }, Texts()),
        ListKey => Texts(),
        MappingKey { Short: { } shortly } mapping => Either(Plain(shortly), Mapping(mapping.Keys)),
        MappingKey mapping => Mapping(mapping.Keys),
        MappingListKey { Short: { } shortly } list => List(Either(Plain(shortly), Mapping(list.Keys))),
        MappingListKey list => List(Mapping(list.Keys)),
        _ => new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Texts() => List(new JsonObject { ["type"] = "string" });

    private static JsonObject List(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    private static JsonObject Either(JsonObject one, JsonObject other) => new() { ["anyOf"] = new JsonArray(one, other) };
}
