using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Ringfence.Workspaces;

/// <summary>Where a repository is: a folder on this machine, or something that git can fetch from.</summary>
/// <param name="Fetch">What git is given; may hold a password.</param>
/// <param name="Display">The same for people and records, without user or password.</param>
internal sealed partial record RepositoryAddress(string Fetch, string Display, bool IsUrl)
{
    /// <summary>Names the git directory that we keep for it.</summary>
    public string Key => KeyOf(Display);

    public static string KeyOf(string place) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)))[..16];

    public static RepositoryAddress Parse(string text)
    {
        if (text.StartsWith("file://", StringComparison.Ordinal) && Uri.TryCreate(text, UriKind.Absolute, out var file)
            && file.Host.Length == 0)
        {
            text = file.LocalPath;
        }

        var isUrl = !Directory.Exists(text) && (text.Contains("://", StringComparison.Ordinal) || ScpLike().IsMatch(text));
        return isUrl ? new(text, Credentials().Replace(text, "$1"), true) : new(Path.GetFullPath(text), Path.GetFullPath(text), false);
    }

    [GeneratedRegex(@"^([a-z][a-z0-9+.-]*://)[^/@]*@", RegexOptions.IgnoreCase)]
    private static partial Regex Credentials();

    // host:path or user@host:path, with no slash before the colon: the form that git itself takes for ssh.
    [GeneratedRegex(@"^[^/:\s-][^/:\s]*:(?!//).+")]
    private static partial Regex ScpLike();
}
