namespace Ringfence.Runs;

/// <summary>Another process has the run: its lease ran out here, or somebody moved it. Nothing more may be written of it.</summary>
public sealed class RunTakenException(string message) : Exception(message);
