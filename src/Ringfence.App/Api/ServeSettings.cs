using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Ringfence.Documents;

namespace Ringfence.App.Api;

/// <summary>How <c>ringfence serve</c> serves. Each setting comes from its flag, else from <c>RINGFENCE_NAME</c>, else from the settings file, else is the default.</summary>
internal sealed record ServeSettings
{
    public required IPEndPoint Listen { get; init; }

    /// <summary>Null serves HTTP: on this machine alone, or behind a proxy that has the certificate.</summary>
    public ServerCertificate? Certificate { get; init; }

    /// <summary>Networks of proxies whose word counts on who calls. Of anybody else the header is ignored.</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    /// <summary>Runs at once in this process, 1 to 1,000.</summary>
    public required int MostRuns { get; init; }

    /// <summary>Runs at once of one repository over all processes, 1 to 1,000.</summary>
    public required int MostRunsPerRepository { get; init; }

    public required IReadOnlyList<string> RepositoryRoots { get; init; }

    public Uri? CodeHost { get; init; }

    public required TimeSpan DrainTime { get; init; }

    /// <summary>Bytes of a request's body, 64 KiB to 16 MiB.</summary>
    public required long MostBodyBytes { get; init; }

    /// <summary>Requests of one key in a minute, from 1. Beyond it: 429.</summary>
    public required int RequestsPerMinute { get; init; }
}

/// <summary>The flags, variables and file keys behind <see cref="ServeSettings"/>. Every mistake is told at once, with where it stands.</summary>
internal sealed class ServeOptions
{
    private readonly Option<string?> config = new("--config") { Description = "Settings file (YAML): the flags below by their names without the hyphens.", HelpName = "FILE" };
    private readonly Option<string?> listen = Setting("--listen", "Address and port of the API. Default: 127.0.0.1:7480.", "ADDRESS:PORT");
    private readonly Option<string?> tlsCertificate = Setting("--tls-certificate", "PEM file. Without it HTTP is served: behind a proxy, or on this machine alone.", "FILE");
    private readonly Option<string?> tlsKey = Setting("--tls-key", "PEM file of the certificate's key.", "FILE");
    private readonly Option<string[]> trustedProxy = new("--trusted-proxy") { Description = "Network (CIDR) of proxies that say in X-Forwarded-For who calls. Repeatable. Default: none.", HelpName = "NETWORK" };
    private readonly Option<string?> maxRuns = Setting("--max-runs", "Runs at once in this process. Default: 4.", "N");
    private readonly Option<string?> maxRunsPerRepository = Setting("--max-runs-per-repo", "Runs at once of one repository. Default: 2.", "N");
    private readonly Option<string[]> repositoryRoot = new("--repo-root") { Description = "Folder below which callers may name repositories by path. Repeatable. Default: URLs only.", HelpName = "PATH" };
    private readonly Option<string?> codeHost = Setting("--code-host", "What owner/repo stands for, such as https://github.com.", "URL");
    private readonly Option<string?> drainTime = Setting("--drain-time", "After SIGTERM, how long runs may go on before they are put back into the queue. Default: 30s.", "TIME");
    private readonly Option<string?> maxBody = Setting("--max-body", "Largest request body. Default: 1MiB.", "SIZE");
    private readonly Option<string?> rateLimit = Setting("--rate-limit", "Requests of one key in a minute. Default: 6000.", "N");

    public IEnumerable<Option> All =>
        [config, listen, tlsCertificate, tlsKey, trustedProxy, maxRuns, maxRunsPerRepository, repositoryRoot, codeHost, drainTime, maxBody, rateLimit];

    public Result<ServeSettings> Read(ParseResult parsed, IReadOnlyDictionary<string, string?> environment)
    {
        var failures = new List<Failure>();
        var file = File(parsed, environment, failures);
        var reader = new Reader(parsed, environment, file, failures);

        var settings = new ServeSettings
        {
            Listen = reader.Value(listen, "127.0.0.1:7480", (string text, out IPEndPoint? value) => IPEndPoint.TryParse(text, out value), "an address and port such as 127.0.0.1:7480") ?? new IPEndPoint(0, 0),
            Certificate = Certificate(reader, failures),
            TrustedProxies = reader.Networks(trustedProxy),
            MostRuns = reader.Number(maxRuns, 4, 1, 1000),
            MostRunsPerRepository = reader.Number(maxRunsPerRepository, 2, 1, 1000),
            RepositoryRoots = [.. reader.Texts(repositoryRoot).Select(Path.GetFullPath)],
            CodeHost = reader.Value(codeHost, null, (string text, out Uri? value) => Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out value) && value.Scheme is "https" or "ssh", "a URL with https or ssh"),
            DrainTime = reader.Value(drainTime, "30s", (string text, out TimeSpan value) => Duration.TryParse(text, out value) && value <= TimeSpan.FromHours(24), "a time of at most 24h"),
            MostBodyBytes = reader.Value(maxBody, "1MiB", (string text, out long value) => ByteSize.TryParse(text, out value) && value is >= 64 << 10 and <= 16 << 20, "a size from 64KiB to 16MiB"),
            RequestsPerMinute = reader.Number(rateLimit, 6000, 1, 10_000_000),
        };

        file?.RefuseOthers();
        failures.AddRange(settings.RepositoryRoots.Where(root => !Directory.Exists(root)).Select(root => new Failure("bad_setting", $"repo-root: there is no folder {Printable.Escape(root)}.")));
        return failures.Count > 0 ? Result.Fail<ServeSettings>(failures) : settings;
    }

    private static Option<string?> Setting(string name, string description, string value) => new(name) { Description = description, HelpName = value };

    private static string Key(Option option) => option.Name.TrimStart('-');

    private static string Variable(Option option) => "RINGFENCE_" + Key(option).ToUpperInvariant().Replace('-', '_');

    private YamlMapping? File(ParseResult parsed, IReadOnlyDictionary<string, string?> environment, List<Failure> failures)
    {
        if ((parsed.GetValue(config) ?? environment.GetValueOrDefault("RINGFENCE_CONFIG")) is not { Length: > 0 } path)
        {
            return null;
        }

        try
        {
            return YamlMapping.Parse(System.IO.File.ReadAllText(path), path, "bad_setting", failures);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            failures.Add(new Failure("bad_setting", $"The settings file cannot be read: {unreadable.Message}"));
            return null;
        }
    }

    private ServerCertificate? Certificate(Reader reader, List<Failure> failures)
    {
        var (certificate, key) = (reader.Text(tlsCertificate).Text, reader.Text(tlsKey).Text);

        if (certificate is null && key is null)
        {
            return null;
        }

        try
        {
            return new ServerCertificate(certificate ?? throw new CryptographicException("--tls-key needs --tls-certificate."), key);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            failures.Add(new Failure("bad_setting", $"tls-certificate: {unusable.Message}", "PEM files of a certificate and its key."));
            return null;
        }
    }

    private delegate bool Parser<T>(string text, out T? value);

    private sealed class Reader(ParseResult parsed, IReadOnlyDictionary<string, string?> environment, YamlMapping? file, List<Failure> failures)
    {
        public (string? Text, string Place) Text(Option<string?> option)
        {
            // The file is asked in any case, so that what nobody asks for can be told.
            var (name, variable) = (Key(option), Variable(option));
            var inFile = file?.Text(name);
            return parsed.GetValue(option) is { } flag ? (flag, option.Name)
                : environment.GetValueOrDefault(variable) is { Length: > 0 } set ? (set, variable)
                : (inFile, $"{name} in the settings file");
        }

        public T? Value<T>(Option<string?> option, string? @default, Parser<T> parse, string what)
        {
            var (text, place) = Text(option);

            if ((text ?? @default) is not { } given)
            {
                return default;
            }

            if (parse(given, out var value))
            {
                return value;
            }

            failures.Add(new Failure("bad_setting", $"{place} cannot be '{Printable.Escape(given)}'.", $"It is {what}."));
            return default;
        }

        public int Number(Option<string?> option, int @default, int least, int most) => Value(
            option, @default.ToString(CultureInfo.InvariantCulture),
            (string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most,
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));

        public IReadOnlyList<string> Texts(Option<string[]> option)
        {
            var inFile = file?.Texts(Key(option), single: true) ?? [];
            return parsed.GetValue(option) is { Length: > 0 } flags ? flags
                : environment.GetValueOrDefault(Variable(option)) is { Length: > 0 } set ? set.Split(option.Name == "--repo-root" ? ':' : ',', StringSplitOptions.RemoveEmptyEntries)
                : inFile;
        }

        public IReadOnlyList<IPNetwork> Networks(Option<string[]> option)
        {
            var networks = new List<IPNetwork>();

            foreach (var text in Texts(option))
            {
                if (IPNetwork.TryParse(text, out var network))
                {
                    networks.Add(network);
                }
                else
                {
                    failures.Add(new Failure("bad_setting", $"{Key(option)} cannot be '{Printable.Escape(text)}'.", "It is a network such as 10.0.0.0/8 or ::1/128."));
                }
            }

            return networks;
        }
    }
}
