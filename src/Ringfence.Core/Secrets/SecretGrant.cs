namespace Ringfence.Secrets;

/// <summary>The right of a run to have one secret added to its requests to one host. Holds where the value comes from, never the value.</summary>
/// <param name="Name">What the record, the placeholder and the environment variable inside call it: letters, digits and underscore.</param>
/// <param name="Source"><c>env:VARIABLE</c>, <c>file:PATH</c> or <c>command:EXECUTABLE ARGUMENTS</c>; null is the environment variable of that name.</param>
/// <param name="Hosts">The hosts that get it, as in an allow list: exact names, with or without port. Never a wildcard.</param>
/// <param name="Header">The header it may stand in. Default <c>Authorization</c>, as a token of any scheme or inside Basic credentials.</param>
public sealed record SecretGrant(string Name, IReadOnlyList<string> Hosts, string? Source = null, string Header = "Authorization");
