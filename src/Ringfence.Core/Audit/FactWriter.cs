using System.Collections;
using System.Collections.Concurrent;

namespace Ringfence.Audit;

/// <summary>Writes the data of any fact: its properties in snake case, in order, null ones left out.</summary>
public static class FactWriter
{
    private static readonly ConcurrentDictionary<Type, Member[]> Shapes = new();

    // What every fact has stands outside its data.
    private static readonly string[] Envelope = ["type", "trust", "turn", "conversation", "causes"];

    /// <param name="redact">Called for every string value before it is written.</param>
    /// <exception cref="NotSupportedException">The fact's type is unknown to <see cref="FactJson"/>, or it holds what a hash must not depend on.</exception>
    public static void Write(CanonicalJson json, AuditFact fact, Func<string, string> redact) => WriteRecord(json, fact, redact);

    private static void WriteRecord(CanonicalJson json, object record, Func<string, string> redact)
    {
        json.StartObject();

        foreach (var (name, get) in Shapes.GetOrAdd(record.GetType(), Shape))
        {
            if (get(record) is { } value)
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
            case long number:
                json.Integer(number);
                break;
            case int number:
                json.Integer(number);
                break;
            case IReadOnlyList<string> texts:
                WriteTexts(json, texts, redact);
                break;
            case IDictionary pairs:
                WritePairs(json, pairs, redact);
                break;
            case IEnumerable items:
                WriteItems(json, items, redact);
                break;
            case ValueType:
                throw new NotSupportedException($"A fact holds integers, strings and booleans: {value} is a {value.GetType().Name}.");
            default:
                WriteRecord(json, value, redact);
                break;
        }
    }

    private static void WriteTexts(CanonicalJson json, IReadOnlyList<string> texts, Func<string, string> redact)
    {
        json.StartArray();

        for (var i = 0; i < texts.Count; i++)
        {
            json.String(redact(texts[i]));
        }

        json.EndArray();
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
            WriteValue(json, item, redact);
        }

        json.EndArray();
    }

    private static Member[] Shape(Type type) =>
    [
        .. (FactJson.Default.GetTypeInfo(type) ?? throw new NotSupportedException($"{type.Name} is not listed in {nameof(FactJson)}.")).Properties
            .Where(property => property.Get is not null && !(type.IsAssignableTo(typeof(AuditFact)) && Envelope.Contains(property.Name)))
            .Select(property => new Member(property.Name, property.Get!))
            .OrderBy(member => member.Name, StringComparer.Ordinal),
    ];

    private readonly record struct Member(string Name, Func<object, object?> Get);
}
