using YamlDotNet.RepresentationModel;

namespace Ringfence.Documents;

/// <summary>Reading by a table of keys: what the table allows is what is read, and a key of the table that no reader asks for is a bug.</summary>
public sealed partial class YamlMapping
{
    private IReadOnlyList<DocumentKey>? table;

    internal YamlMapping By(IReadOnlyList<DocumentKey> keys)
    {
        table = keys;
        return this;
    }

    internal string? Text(TextKey key) => Text(key.Name, key.Required);

    internal int? Number(NumberKey key) => Number(key.Name, key.Least, key.Most);

    internal bool? Boolean(BooleanKey key)
    {
        var text = Text(key.Name);

        if (text is null or "true" or "false")
        {
            return text is null ? null : text == "true";
        }

        Fail(key.Name, $"'{key.Name}' is true or false, not '{text}'.");
        return null;
    }

    /// <summary>What stands below each name, in the order of the file.</summary>
    internal IReadOnlyList<(string Name, YamlMapping Below)> Named(NamesKey key)
    {
        switch (Child(key.Name))
        {
            case null:
                return [];
            case YamlMappingNode names when names.Children.Values.All(value => value is YamlMappingNode or YamlScalarNode):
                return [.. names.Children.Select(pair => (
                    pair.Key.ToString(),
                    Below(pair.Value as YamlMappingNode ?? Shortly(key.Short, pair.Value)).By(key.Keys)))];
            case var other:
                Fail(other, $"'{key.Name}' is a mapping of names to what they are.");
                return [];
        }
    }

    internal IReadOnlyList<string> Texts(ListKey key) => Texts(key.Name, single: key.Single);

    internal string? Choice(ChoiceKey key)
    {
        if (key.Required && Child(key.Name) is null)
        {
            Fail(node, $"'{key.Name}' is missing.", $"One of: {string.Join(", ", key.Choices)}.");
            return null;
        }

        return OneOf(key.Name, key.Choices);
    }

    internal Money? Amount(AmountKey key) => Parse<Money>(
        key, (string text, out Money money) => Money.TryParse(text, out money) && money > Money.Zero, "an amount of dollars above 0", "Such as $5.00.");

    internal TimeSpan? Time(TimeKey key) => Parse<TimeSpan>(
        key, (string text, out TimeSpan time) => Duration.TryParse(text, out time) && time >= key.Least && time <= key.Most,
        $"a time from {Duration.Show(key.Least)} to {Duration.Show(key.Most)}", "Such as 30m or 1h30m.");

    internal long? Size(SizeKey key) => Parse<long>(
        key, (string text, out long bytes) => ByteSize.TryParse(text, out bytes) && bytes >= key.Least, $"a size of at least {key.Least >> 20}MiB", "Such as 4GiB.");

    /// <summary>Null when it is absent. One value stands for the mapping's short key, where it has one.</summary>
    internal YamlMapping? Mapping(MappingKey key) =>
        key.Short is { } shortly && Child(key.Name) is YamlScalarNode value ? Below(Shortly(shortly, value)).By(key.Keys)
        : Mapping(key.Name)?.By(key.Keys);

    internal IEnumerable<YamlMapping> Mappings(MappingListKey key)
    {
        if (Child(key.Name) is not YamlSequenceNode list || key.Short is not { } shortly)
        {
            return Mappings(key.Name).Select(mapping => mapping.By(key.Keys));
        }

        if (list.FirstOrDefault(item => item is not (YamlScalarNode or YamlMappingNode)) is { } odd)
        {
            Fail(odd, $"'{key.Name}' is a list of mappings, or of values for '{shortly.Name}'.");
            return [];
        }

        return list.Select(item => Below(item as YamlMappingNode ?? Shortly(shortly, item)).By(key.Keys));
    }

    private delegate bool TryParse<T>(string text, out T value);

    private T? Parse<T>(DocumentKey key, TryParse<T> parse, string what, string hint)
        where T : struct
    {
        if (Text(key.Name) is not { } text)
        {
            return null;
        }

        if (parse(text, out var value))
        {
            return value;
        }

        Fail(key.Name, $"'{key.Name}' is {what}, not '{text}'.", hint);
        return null;
    }

    private static YamlMappingNode Shortly(DocumentKey key, YamlNode value) => new(new YamlScalarNode(key.Name), value);

    private YamlMapping Below(YamlMappingNode below) => new(below, source, code, failures, firstLine);

    private void CheckTable()
    {
        if (table is not null && !asked.SetEquals(table.Select(key => key.Name)))
        {
            throw new InvalidOperationException(
                $"The reader asked for {string.Join(", ", asked.Order())}; the table has {string.Join(", ", table.Select(key => key.Name).Order())}.");
        }
    }
}
