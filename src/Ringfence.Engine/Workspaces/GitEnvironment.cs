using System.Collections;
using System.Globalization;

namespace Ringfence.Workspaces;

/// <summary>
/// The two environments that git runs in on the host. In neither can a repository make git execute something: hooks, fsmonitor, automatic
/// maintenance, submodule recursion and the <c>ext</c> transport are off, by settings that outrank every configuration file.
/// </summary>
internal static class GitEnvironment
{
    private static readonly (string Key, string Value)[] Settings =
    [
        ("core.hooksPath", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("core.untrackedCache", "false"),
        ("core.pager", "cat"),
        ("core.protectNTFS", "true"),
        ("core.protectHFS", "true"),
        ("core.bigFileThreshold", "16m"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("fetch.recurseSubmodules", "false"),
        ("fetch.writeCommitGraph", "false"),
        ("submodule.recurse", "false"),
        ("protocol.allow", "never"),
        ("protocol.file.allow", "always"),
        ("protocol.git.allow", "always"),
        ("protocol.http.allow", "always"),
        ("protocol.https.allow", "always"),
        ("protocol.ssh.allow", "always"),
    ];

    // What a user may have set for reaching servers. Everything else that begins with GIT_ would point git at another repository, index or
    // program: Ringfence may itself be called from a git hook, where GIT_DIR and GIT_INDEX_FILE are set.
    private static readonly HashSet<string> Inherited = new(StringComparer.Ordinal)
    {
        "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_PROXY_COMMAND", "GIT_EXEC_PATH",
        "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_SSL_NO_VERIFY", "GIT_SSL_VERSION",
        "GIT_HTTP_USER_AGENT", "GIT_HTTP_LOW_SPEED_LIMIT", "GIT_HTTP_LOW_SPEED_TIME", "GIT_HTTP_PROXY_AUTHMETHOD",
        "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
        "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL",
    };

    /// <summary>For git directories of ours: no system or user configuration at all.</summary>
    public static IReadOnlyDictionary<string, string> Own { get; } = MakeOwn();

    /// <summary>For reading from and publishing into the user's repository: their own configuration, which may hold credentials and trusted folders.</summary>
    public static IReadOnlyDictionary<string, string> User { get; } = MakeUser();

    private static Dictionary<string, string> MakeOwn()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
            ["HOME"] = "/nonexistent",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            ["GIT_ATTR_NOSYSTEM"] = "1",
            ["GIT_AUTHOR_NAME"] = "Ringfence",
            ["GIT_AUTHOR_EMAIL"] = "ringfence@localhost",
            ["GIT_COMMITTER_NAME"] = "Ringfence",
            ["GIT_COMMITTER_EMAIL"] = "ringfence@localhost",
        };

        // Nothing in a git directory of ours needs to outlive a power cut: it is made again from the upper folder, which does.
        return WithSettings(environment, 0, ("core.fsync", "none"), ("fastimport.unpackLimit", "1"), ("checkout.workers", "0"));
    }

    private static Dictionary<string, string> MakeUser()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;

            if (!name.StartsWith("GIT_", StringComparison.Ordinal) || Inherited.Contains(name) || IsSetting(name))
            {
                environment[name] = (string?)variable.Value ?? "";
            }
        }

        // Settings given by environment (CI systems hand over credentials so) stay; ours come after them and win.
        var count = int.TryParse(environment.GetValueOrDefault("GIT_CONFIG_COUNT"), CultureInfo.InvariantCulture, out var given) ? given : 0;
        return WithSettings(environment, Math.Max(0, count));
    }

    private static bool IsSetting(string name) =>
        name is "GIT_CONFIG_COUNT" || name.StartsWith("GIT_CONFIG_KEY_", StringComparison.Ordinal)
        || name.StartsWith("GIT_CONFIG_VALUE_", StringComparison.Ordinal);

    private static Dictionary<string, string> WithSettings(
        Dictionary<string, string> environment, int count, params ReadOnlySpan<(string Key, string Value)> more)
    {
        environment["LC_ALL"] = "C"; // messages are compared
        environment["GIT_TERMINAL_PROMPT"] = "0";
        environment["GIT_OPTIONAL_LOCKS"] = "0"; // a look at a repository must not write its index
        environment["GIT_NO_REPLACE_OBJECTS"] = "1"; // refs/replace shows other content under a name than the name is a digest of

        foreach (var (key, value) in (ReadOnlySpan<(string, string)>)[.. Settings, .. more])
        {
            environment[$"GIT_CONFIG_KEY_{count}"] = key;
            environment[$"GIT_CONFIG_VALUE_{count}"] = value;
            count++;
        }

        environment["GIT_CONFIG_COUNT"] = count.ToString(CultureInfo.InvariantCulture);
        return environment;
    }
}
