using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Audit;

/// <summary>
/// Writes the data of any fact: its public properties in snake case, in order, null ones left out. By reflection, so that a new fact is one record
/// and nothing else; the lists of properties are kept.
/// </summary>
public static class FactWriter
{
    private static readonly ConcurrentDictionary<Type, (string Name, PropertyInfo Property)[]> Properties = new();

    /// <param name="redact">Called for every string value before it is written.</param>
    public static void Write(CanonicalJson json, AuditFact fact, Func<string, string> redact) => WriteRecord(json, fact, redact);

    private static void WriteRecord(CanonicalJson json, object record, Func<string, string> redact)
    {
        json.StartObject();

        foreach (var (name, property) in Properties.GetOrAdd(record.GetType(), ListProperties))
        {
            if (property.GetValue(record) is { } value)
            {
                json.Key(name);
                WriteValue(json, value, redact);
            }
        }

        json.EndObject();
    }

    private static void WriteValue(CanonicalJson json, object value, Func<string, string> redact)
    {
        switch (value)
        {
            case string text:
                json.String(redact(text));
                break;
            case bool flag:
                json.Boolean(flag);
                break;
            case long or int or short or byte or uint or ushort:
                json.Integer(Convert.ToInt64(value, null));
                break;
            case Money money:
                json.Integer(money.Nanodollars);
                break;
            case Enum word:
                json.String(JsonNamingPolicy.SnakeCaseLower.ConvertName(word.ToString()));
                break;
            case IDictionary pairs:
                WritePairs(json, pairs, redact);
                break;
            case IEnumerable items:
                WriteItems(json, items, redact);
                break;
            case double or float or decimal:
                throw new NotSupportedException($"A fact has no fractions: {value} ({value.GetType().Name}).");
            default:
                WriteRecord(json, value, redact);
                break;
        }
    }

    private static void WritePairs(CanonicalJson json, IDictionary pairs, Func<string, string> redact)
    {
        json.StartObject();

        foreach (var key in pairs.Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            json.Key(redact(key));
            WriteValue(json, pairs[key]!, redact);
        }

        json.EndObject();
    }

    private static void WriteItems(CanonicalJson json, IEnumerable items, Func<string, string> redact)
    {
        json.StartArray();

        foreach (var item in items)
        {
            if (item is null)
            {
                json.Null();
            }
            else
            {
                WriteValue(json, item, redact);
            }
        }

        json.EndArray();
    }

    private static (string, PropertyInfo)[] ListProperties(Type type) =>
    [
        .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => !IsIgnored(type, property))
            .Select(property => (Name: JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property))
            .OrderBy(pair => pair.Name, StringComparer.Ordinal),
    ];

    // An override does not inherit the attribute of the property that it overrides through PropertyInfo, so ask the base too.
    private static bool IsIgnored(Type type, PropertyInfo property) =>
        property.GetIndexParameters().Length > 0
        || property.GetCustomAttribute<JsonIgnoreAttribute>() is not null
        || (type.IsAssignableTo(typeof(AuditFact)) && typeof(AuditFact).GetProperty(property.Name) is not null);
}
