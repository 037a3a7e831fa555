using Ringfence.Egress;

namespace Ringfence.Setups;

/// <summary>A command that prepares what runs need and git ignores, such as installed dependencies: run once for as long as it would do the same.</summary>
/// <param name="Command">Shell command line, run on the base commit in a sandbox of its own.</param>
/// <param name="Network">What that sandbox may reach; the run's own policy does not count for it.</param>
public sealed record RunSetup(string Command, NetworkPolicy Network);
