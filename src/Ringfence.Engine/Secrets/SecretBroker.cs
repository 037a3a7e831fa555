using System.Security.Cryptography;
using Ringfence.Egress;
using Ringfence.Processes;

namespace Ringfence.Secrets;

/// <summary>Fetches a run's secrets from where the user keeps them, and refuses what could not be kept from leaking.</summary>
internal static class SecretBroker
{
    public const string HostNotAllowed = "secret_host_not_allowed";
    private const int MaxLength = 16_384;

    public static async Task<Result<BrokeredSecrets>> FetchAsync(
        IReadOnlyList<SecretGrant> grants, EgressRules rules, UserSide user, CancellationToken cancellationToken)
    {
        var failures = new List<Failure>();
        var secrets = new List<BrokeredSecret>();

        foreach (var grant in grants)
        {
            var hosts = EgressRules.Parse(new NetworkPolicy(grant.Hosts));
            var problems = Check(grant, hosts, rules).ToList();
            problems.AddRange(hosts.Failures);

            if (grants.Count(g => g.Name == grant.Name) > 1)
            {
                problems.Add(new Failure("secret_twice", $"The secret {grant.Name} is named twice.", "Give it all its hosts in one place."));
            }

            if (problems.Count > 0)
            {
                failures.AddRange(problems);
            }
            else if ((await ReadAsync(grant, user, cancellationToken)).Succeeded(out var value, out var why))
            {
                secrets.Add(new BrokeredSecret(
                    new SecretValue(grant.Name, value, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))), hosts.Value.All, grant.Header));
            }
            else
            {
                failures.AddRange(why);
            }
        }

        return failures.Count > 0 ? Result.Fail<BrokeredSecrets>(failures) : new BrokeredSecrets(secrets);
    }

    private static IEnumerable<Failure> Check(SecretGrant grant, Result<EgressRules> hosts, EgressRules rules)
    {
        if (grant.Name.Length is 0 or > 64 || char.IsAsciiDigit(grant.Name[0]) || !grant.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            yield return new Failure("secret_name_malformed", $"'{Printable.Escape(grant.Name)}' is no name for a secret.", "Write letters, digits and underscores, as in a variable.");
        }

        if (grant.Header.Length == 0 || !grant.Header.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            yield return new Failure("secret_header_malformed", $"'{Printable.Escape(grant.Header)}' is no header name.", "Write one such as Authorization or X-Api-Key.");
        }

        if (grant.Hosts.Count == 0)
        {
            yield return new Failure("secret_without_host", $"The secret {grant.Name} has no host.", "Say where it may go: --secret-host HOST.");
        }

        foreach (var host in hosts.IsFailure ? [] : hosts.Value.All)
        {
            if (host.Below || host.Denies || host.IsAboutRequests)
            {
                yield return new Failure("secret_host_too_wide", $"The secret {grant.Name} goes to '{host.Text}', which is not one host.", "Name each host exactly, with :port where needed.");
            }
            else if (!rules.Learns && !rules.Decide(host.Host, host.Port ?? 443).Allowed)
            {
                yield return new Failure(HostNotAllowed, $"The secret {grant.Name} is for {host.Text}, which the run may not reach.", $"Allow it too: --allow {host.Text}.");
            }
        }
    }

    private static async Task<Result<string>> ReadAsync(SecretGrant grant, UserSide user, CancellationToken cancellationToken)
    {
        var source = grant.Source ?? $"env:{grant.Name}";
        var (kind, rest) = source.Split(':', 2) is [var k, var r] ? (k, r) : ("", source);

        var read = kind switch
        {
            "env" => user.Variables.TryGetValue(rest, out var value) ? value : Missing(grant, $"the environment variable {rest} is not set"),
            "file" => await FromFileAsync(grant, Path.GetFullPath(rest.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(user.Home, rest[2..]) : rest), cancellationToken),
            "command" => await FromCommandAsync(grant, rest, user, cancellationToken),
            _ => new Failure("secret_source_malformed", $"The secret {grant.Name} comes from an unknown kind of source.", "Write env:VARIABLE, file:PATH or command:EXECUTABLE ARGUMENTS."),
        };

        return read.Succeeded(out var text, out _) ? Usable(grant, text.TrimEnd('\r', '\n')) : read;
    }

    private static async Task<Result<string>> FromFileAsync(SecretGrant grant, string path, CancellationToken cancellationToken)
    {
        try
        {
            return new FileInfo(path).Length > MaxLength ? Missing(grant, $"{path} is larger than a header can be") : await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Missing(grant, e.Message);
        }
    }

    // Split at spaces: a shell would read the user's words a second way.
    private static async Task<Result<string>> FromCommandAsync(SecretGrant grant, string line, UserSide user, CancellationToken cancellationToken)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        if (words.Length == 0)
        {
            return Missing(grant, "its command is empty");
        }

        var command = new ChildCommand(words[0], words[1..], user.Variables);

        if ((await ProgramAnswer.AskAsync(command, user.CommandPatience, MaxLength, cancellationToken)).Succeeded(out var answer, out var why))
        {
            return answer.Code == 0 ? answer.Text : Missing(grant, $"its command ended with {answer.Code}");
        }

        // Neither what it printed nor its arguments: both may hold what is to stay secret.
        return why[0].Code switch
        {
            ProgramAnswer.TooSlow => new Failure(
                "secret_command_too_slow", $"The secret {grant.Name} cannot be read: {why[0].Message}",
                "Run it by hand: it may wait for a password or a key that it cannot ask for here. Everything that it started was ended."),
            ProgramAnswer.TooMuch => new Failure(
                "secret_too_long", $"The secret {grant.Name} cannot be read: {why[0].Message}", "A secret goes into a header. Let the command print the value alone."),
            _ => why[0],
        };
    }

    private static Result<string> Usable(SecretGrant grant, string value) => value switch
    {
        "" => new Failure("secret_empty", $"The secret {grant.Name} is empty.", "Set its value, or leave the secret out."),
        { Length: < SecretValue.MinLength } => new Failure("secret_too_short", $"The secret {grant.Name} has fewer than {SecretValue.MinLength} characters.", "A value that short is in innocent text too and could not be kept out of the record."),
        { Length: > MaxLength } => Missing(grant, "it is longer than a header can be"),
        _ when !value.All(c => c is >= ' ' and <= '~') => new Failure("secret_not_printable", $"The secret {grant.Name} holds characters that no header takes.", "Only one line of printable ASCII can be injected."),
        _ => value,
    };

    private static Failure Missing(SecretGrant grant, string why) => new("secret_missing", $"The secret {grant.Name} cannot be read: {why}.");
}
