namespace Ringfence.Runs;

/// <summary>Whose recorded model traffic answers instead of a model.</summary>
/// <param name="Run">Id of the run that was recorded.</param>
/// <param name="LiveAfter">After so many answers the model is asked again; null never asks.</param>
public sealed record RunReplay(string Run, int? LiveAfter = null);
