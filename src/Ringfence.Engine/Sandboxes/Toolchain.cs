namespace Ringfence.Sandboxes;

/// <summary>
/// Where our own parts are on this machine, and what every sandbox is given of the host: the read-only tool chain and a plain environment.
/// </summary>
/// <param name="Native">The launcher, <c>rf-sandbox</c>.</param>
/// <param name="Agent">The folder of the published <c>ringfence-agent</c>.</param>
public sealed record Toolchain(string Native, string Agent)
{
    /// <summary>The layout of <c>artifacts/</c> and of a release: each part in a folder beside the program's own.</summary>
    public static Toolchain Beside(string programFolder)
    {
        var parts = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(programFolder))!;
        return new Toolchain(Path.Combine(parts, "native", "rf-sandbox"), Path.Combine(parts, "agent"));
    }

    public IReadOnlyList<Mount> Mounts =>
    [
        .. Directory.Exists(Agent) ? [new Mount(Agent, SandboxPaths.Ringfence + "/agent")] : Array.Empty<Mount>(),
        .. DotnetOutsideUsr is { } dotnet ? [new Mount(dotnet, SandboxPaths.Ringfence + "/dotnet")] : Array.Empty<Mount>(),
    ];

    /// <summary>The environment of a process inside: this plain one, and <paramref name="more"/>, of which later ones win. Nothing of the host is passed on.</summary>
    public static Dictionary<string, string> Environment(params IEnumerable<KeyValuePair<string, string>>[] more)
    {
        var environment = Plain;

        foreach (var (name, value) in more.SelectMany(pairs => pairs))
        {
            environment[name] = value;
        }

        return environment;
    }

    private static Dictionary<string, string> Plain => new()
    {
        ["PATH"] = (DotnetOutsideUsr is null ? "" : SandboxPaths.Ringfence + "/dotnet:") + "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        ["HOME"] = SandboxPaths.Home,
        ["USER"] = "agent",
        ["LANG"] = "C.UTF-8",
        ["TERM"] = "dumb",
        ["TMPDIR"] = SandboxPaths.Temporary,

        // A build server that outlives its command would hold the command's output open.
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1",
    };

    /// <summary>The .NET installation that runs us, when it is not part of <c>/usr</c>, which every sandbox has anyway.</summary>
    private static string? DotnetOutsideUsr { get; } = FindDotnet();

    private static string? FindDotnet()
    {
        var runtime = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        var root = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
        return root.StartsWith("/usr/", StringComparison.Ordinal) || !File.Exists(Path.Combine(root, "dotnet"))
            ? null
            : Path.TrimEndingDirectorySeparator(root);
    }
}
