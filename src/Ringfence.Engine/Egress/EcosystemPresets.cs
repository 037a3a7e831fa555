using System.Net;
using System.Net.Sockets;

namespace Ringfence.Egress;

/// <summary>
/// Allows the package registries that the user's own tools are set up for. Their names come from those tools' configuration each time, never from
/// here: companies have mirrors, and a built-in list would open the public registries behind their back.
/// </summary>
internal static class EcosystemPresets
{
    private static readonly Dictionary<string, Func<UserSide, CancellationToken, Task<Result<IReadOnlyList<string>>>>> Readers = new(StringComparer.Ordinal)
    {
        ["npm"] = NpmRegistries.ReadAsync,
        ["nuget"] = NuGetSources.ReadAsync,
        ["pip"] = PipIndexes.ReadAsync,
        ["cargo"] = CargoRegistries.ReadAsync,
        ["go"] = GoProxies.ReadAsync,
        ["maven"] = MavenRepositories.ReadAsync,
        ["apt"] = AptSources.ReadAsync,
    };

    public static IReadOnlyCollection<string> Names => Readers.Keys;

    /// <summary>Patterns for an allow list, one per host; or why a preset cannot be had, for each that cannot.</summary>
    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(IReadOnlyList<string> presets, UserSide user, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var patterns = new List<string>();

        foreach (var preset in presets.Distinct())
        {
            if (!Readers.TryGetValue(preset, out var read))
            {
                failures.Add(new Failure("preset_unknown", $"There is no preset '{Printable.Escape(preset)}'.", $"Presets are {string.Join(", ", Readers.Keys)}."));
                continue;
            }

            if (!(await read(user, cancellationToken)).Succeeded(out var urls, out var why))
            {
                failures.AddRange(why);
                continue;
            }

            var found = urls.Select(ToTarget).OfType<Uri>().DistinctBy(u => u.Authority).ToList();

            if (found.Count == 0)
            {
                failures.Add(new Failure("preset_not_configured", $"{preset} is not set up for any registry on the network here.", "Set one in the tool's own configuration, or allow its host: --allow HOST."));
            }

            foreach (var target in found)
            {
                patterns.AddRange(await PatternsAsync(target, cancellationToken));
            }
        }

        return failures.Count > 0 ? Result.Fail<IReadOnlyList<string>>(failures) : patterns.Distinct().ToList();
    }

    private static Uri? ToTarget(string url) =>
        Uri.TryCreate(url.Trim(), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && HostName.TryParse(uri.IdnHost, out _) ? uri : null;

    // The user's own configuration names the host, so a company's registry on a private network is meant. Exactly its present addresses are opened.
    private static async Task<IEnumerable<string>> PatternsAsync(Uri target, CancellationToken cancellationToken)
    {
        var pattern = target.IdnHost + (target.IsDefaultPort ? "" : $":{target.Port}");

        try
        {
            var addresses = await Dns.GetHostAddressesAsync(target.IdnHost, cancellationToken);
            var closed = addresses.Where(a => !AddressRange.IsPublic(a) && !AddressRange.IsMetadata(a)).ToList();
            return closed.Count == 0 ? [pattern] : closed.Select(a => $"{pattern}@{a}");
        }
        catch (SocketException)
        {
            return [pattern];
        }
    }
}
