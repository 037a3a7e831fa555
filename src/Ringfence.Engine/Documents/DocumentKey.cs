namespace Ringfence.Documents;

/// <summary>One key of a document: what it is called, what it means, and what its value may be. Readers and schemas share it.</summary>
internal abstract record DocumentKey(string Name, string Description, bool Required = false);

internal sealed record TextKey(string Name, string Description, bool Required = false) : DocumentKey(Name, Description, Required);

internal sealed record ChoiceKey(string Name, string Description, IReadOnlyList<string> Choices, bool Required = false) : DocumentKey(Name, Description, Required);

internal sealed record NumberKey(string Name, string Description, int Least, int Most) : DocumentKey(Name, Description);

internal sealed record BooleanKey(string Name, string Description) : DocumentKey(Name, Description);

/// <summary>Dollars above 0, such as <c>$5.00</c>.</summary>
internal sealed record AmountKey(string Name, string Description) : DocumentKey(Name, Description);

/// <summary>A duration, such as <c>1h30m</c>.</summary>
internal sealed record TimeKey(string Name, string Description, TimeSpan Least, TimeSpan Most) : DocumentKey(Name, Description);

/// <summary>Bytes, such as <c>4GiB</c>.</summary>
internal sealed record SizeKey(string Name, string Description, long Least) : DocumentKey(Name, Description);

/// <param name="Single">One text counts as a list of one.</param>
internal sealed record ListKey(string Name, string Description, bool Single = false) : DocumentKey(Name, Description);

/// <param name="Short">The key that is meant when a plain value stands instead of the mapping.</param>
internal sealed record MappingKey(string Name, string Description, IReadOnlyList<DocumentKey> Keys, DocumentKey? Short = null) : DocumentKey(Name, Description);

/// <param name="Short">The key that is meant when a plain value stands instead of a mapping in the list.</param>
internal sealed record MappingListKey(string Name, string Description, IReadOnlyList<DocumentKey> Keys, DocumentKey? Short = null) : DocumentKey(Name, Description);

/// <summary>A mapping whose keys are names of the user's own.</summary>
/// <param name="Keys">What stands below each name.</param>
/// <param name="Short">The key that is meant when a plain value stands below a name.</param>
internal sealed record NamesKey(string Name, string Description, IReadOnlyList<DocumentKey> Keys, DocumentKey Short) : DocumentKey(Name, Description);
