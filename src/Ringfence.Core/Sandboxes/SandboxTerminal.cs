namespace Ringfence.Sandboxes;

/// <summary>A terminal of its own for the command: standard input, output and error are one device, in a session that no other process shares.</summary>
/// <param name="Rows">Height in characters, 1 to 10,000.</param>
/// <param name="Columns">Width in characters, 1 to 10,000.</param>
public sealed record SandboxTerminal(int Rows, int Columns);
