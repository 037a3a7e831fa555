namespace Ringfence.Secrets;

/// <summary>A secret with its value, in the supervisor's memory. Prints as its marker: a value in a log would be there for ever.</summary>
public sealed class SecretValue
{
    /// <summary>A shorter one would be found in innocent text, and guessed. Bytes.</summary>
    public const int MinLength = 8;

    /// <param name="tag">Eight hex digits, drawn at random for the run: equal values can be told to be equal, and nothing else.</param>
    public SecretValue(string name, string value, string tag)
    {
        Name = name;
        Value = value;
        Marker = $"<secret:{name}:{tag}>";
        Placeholder = $"ringfence_{name}_{tag}";
    }

    public string Name { get; }

    public string Value { get; }

    /// <summary>What stands in the record, and in answers to the sandbox, where the value was.</summary>
    public string Marker { get; }

    /// <summary>What the sandbox is given instead of the value: letters, digits and underscore, so that any tool takes it for a token.</summary>
    public string Placeholder { get; }

    public override string ToString() => Marker;
}
