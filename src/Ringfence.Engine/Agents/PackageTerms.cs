using System.Globalization;
using System.Runtime.InteropServices;

namespace Ringfence.Agents;

/// <summary>The words of a package: its name, its version, what they stand for on this machine.</summary>
internal static class PackageTerms
{
    public static bool IsVersion(string text) =>
        text.Length is > 0 and < 64 && char.IsAsciiDigit(text[0]) && text.Count(c => c == '.') >= 2
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+') && !text.Contains("..", StringComparison.Ordinal);

    /// <summary>A package's name, with its scope: nothing that npm would take for a path, a URL or a flag.</summary>
    public static bool IsName(string text) =>
        text.Length < 200 && text.TrimStart('@').Split('/') is { Length: 1 or 2 } parts && (parts.Length == 2) == text.StartsWith('@')
        && parts.All(part => part.Length > 0 && char.IsAsciiLetterOrDigit(part[0]) && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'));

    /// <summary>Whether a version lies in a range, both ends in it. A pre-release does not: nobody tried it.</summary>
    public static bool IsWithin(string version, string oldest, string newest) =>
        version == oldest || version == newest || (!version.Contains('-', StringComparison.Ordinal) && Order(version, oldest) >= 0 && Order(version, newest) <= 0);

    private static int Order(string one, string other) => Numbers(one).Zip(Numbers(other), (a, b) => a.CompareTo(b)).FirstOrDefault(order => order != 0);

    public static string ForThisMachine(string path)
    {
        var arm = RuntimeInformation.OSArchitecture == Architecture.Arm64;
        return path.Replace("{cpu}", arm ? "arm64" : "x64", StringComparison.Ordinal).Replace("{machine}", arm ? "aarch64" : "x86_64", StringComparison.Ordinal);
    }

    // The first three are what versions are compared by.
    private static IEnumerable<int> Numbers(string version) =>
        version.Split('-', '+')[0].Split('.').Append("0").Append("0").Take(3).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);

    public static bool WasTested(this AgentPackage package, string version) => IsWithin(version, package.Tested.Oldest, package.Tested.Newest);

    /// <summary>Which versions were, to follow "was not tested".</summary>
    public static string TestedWords(this AgentPackage package) =>
        package.Tested.Oldest == package.Tested.Newest ? $"{package.Version} was" : $"{package.Tested.Oldest} to {package.Tested.Newest} were";
}
