using System.Globalization;
using System.Text.RegularExpressions;

namespace Ringfence.Review;

/// <summary><c>secret</c>: credentials in added lines. The evidence names the kind and the first characters, never the value.</summary>
internal static partial class SecretGate
{
    private static readonly (string Kind, Regex Pattern)[] Kinds =
    [
        ("private key", PrivateKey()), ("AWS access key", AwsKey()), ("GitHub token", GitHubToken()), ("GitLab token", GitLabToken()), ("Slack token", SlackToken()),
        ("Google API key", GoogleKey()), ("Stripe key", StripeKey()), ("model provider's API key", ModelKey()), ("npm token", NpmToken()), ("PyPI token", PyPiToken()),
        ("NuGet key", NuGetKey()), ("SendGrid key", SendGridKey()), ("Azure storage key", AzureKey()), ("JSON web token", JsonWebToken()), ("password in an address", UrlPassword()),
    ];

    public static IEnumerable<Finding> Review(IReadOnlyList<ReviewFile> files)
    {
        foreach (var file in files.Where(f => !f.IsLink))
        {
            // A line that only moved, or that the base has elsewhere in the file, is not this change's leak; it is the base's.
            var before = file.Removed.Select(l => l.Text.Trim()).ToHashSet(StringComparer.Ordinal);

            foreach (var line in file.Added.Where(l => l.Text.Length >= 16 && !before.Contains(l.Text.Trim())))
            {
                var known = Kinds.Select(k => (k.Kind, Match: k.Pattern.Match(line.Text)))
                    .FirstOrDefault(k => k.Match.Success && !k.Match.Value.Contains("EXAMPLE", StringComparison.Ordinal)); // how providers mark theirs in documentation

                if (known.Match is { Success: true })
                {
                    yield return file.At("secret", FindingSeverity.Block, Evidence(known.Kind, known.Match.Value), line.Number);
                }
                else if (Assignment().Match(line.Text) is { Success: true } guess && LooksRandom(guess.Groups["value"].Value))
                {
                    yield return file.At("secret", FindingSeverity.Ask, Evidence($"value of {NameAround(line.Text, guess.Groups["word"])}", guess.Groups["value"].Value), line.Number);
                }
            }
        }
    }

    private static string Evidence(string kind, string value) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}, {value[..Math.Min(4, value.Length / 4)]}… of {value.Length} characters");

    // The whole of a name such as MY_TOKEN_2, of which a word was found.
    private static string NameAround(string line, Group word)
    {
        static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';

        var (from, to) = (word.Index, word.Index + word.Length);

        while (from > 0 && word.Index - from < 40 && IsOfName(line[from - 1]))
        {
            from--;
        }

        while (to < line.Length && to - word.Index < 40 && IsOfName(line[to]))
        {
            to++;
        }

        return line[from..to];
    }

    // Shannon entropy per character: words and identifiers stay below 3.5 bits, keys in base 64 or hexadecimal lie above with digits mixed in.
    private static bool LooksRandom(string value)
    {
        var bits = value.GroupBy(c => c).Sum(g => -(double)g.Count() / value.Length * Math.Log2((double)g.Count() / value.Length));
        return bits > 3.3 && value.Any(char.IsAsciiDigit) && value.Any(char.IsAsciiLetter) && !Placeholder().IsMatch(value);
    }

    [GeneratedRegex("-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----")]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")]
    private static partial Regex AwsKey();

    [GeneratedRegex(@"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})")]
    private static partial Regex GitHubToken();

    [GeneratedRegex(@"\bgl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{20,}")]
    private static partial Regex GitLabToken();

    [GeneratedRegex(@"\bxox[abprse]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}")]
    private static partial Regex SlackToken();

    [GeneratedRegex(@"\bAIza[A-Za-z0-9_-]{35}")]
    private static partial Regex GoogleKey();

    [GeneratedRegex(@"\b[rs]k_live_[A-Za-z0-9]{20,}")]
    private static partial Regex StripeKey();

    [GeneratedRegex(@"\bsk-(?:ant-|proj-|or-|svcacct-)[A-Za-z0-9_-]{20,}|\bsk-[A-Za-z0-9]{40,}")]
    private static partial Regex ModelKey();

    [GeneratedRegex(@"\bnpm_[A-Za-z0-9]{36}")]
    private static partial Regex NpmToken();

    [GeneratedRegex(@"\bpypi-[A-Za-z0-9_-]{50,}")]
    private static partial Regex PyPiToken();

    [GeneratedRegex(@"\boy2[a-z0-9]{43}\b")]
    private static partial Regex NuGetKey();

    [GeneratedRegex(@"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")]
    private static partial Regex SendGridKey();

    [GeneratedRegex(@"AccountKey=[A-Za-z0-9+/]{80,}={0,2}")]
    private static partial Regex AzureKey();

    [GeneratedRegex(@"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")]
    private static partial Regex JsonWebToken();

    [GeneratedRegex(@"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'""]{1,64}:(?![$<{%*])[^\s:/@'""]{6,128}@[A-Za-z0-9.-]+")]
    private static partial Regex UrlPassword();

    [GeneratedRegex(@"(?<word>secret|token|passwd|password|api_?key|access_?key|private_?key|credential)[A-Za-z0-9_.-]{0,20}[\'""]?[ \t]{0,20}(?:=>|:=|=|:)[ \t]{0,20}[\'""](?<value>[A-Za-z0-9+/_=.-]{16,256})[\'""]", RegexOptions.IgnoreCase)]
    private static partial Regex Assignment();

    [GeneratedRegex("example|placeholder|changeme|your[-_]|dummy|test|sample|xxxx|0000|1234567|redacted", RegexOptions.IgnoreCase)]
    private static partial Regex Placeholder();
}
