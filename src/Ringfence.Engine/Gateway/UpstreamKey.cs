namespace Ringfence.Gateway;

/// <summary>Reads a real key from where the operator keeps it. No message shows it.</summary>
internal static class UpstreamKey
{
    public static Result<string?> Read(Upstream upstream) => upstream.KeySource switch
    {
        null => new Result<string?>(),
        var source when source.StartsWith("env:", StringComparison.Ordinal) => FromEnvironment(source[4..]),
        var source when source.StartsWith("file:", StringComparison.Ordinal) => FromFile(source[5..]),
        _ => new Failure("upstream_key", "A key source starts with env: or file:.", "Keys themselves are not accepted on command lines."),
    };

    private static Result<string?> FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } key
            ? Checked(key, $"The variable {name}")
            : new Failure("upstream_key", $"The variable {name} is not set or empty.");

    private static Result<string?> FromFile(string path)
    {
        try
        {
            return Checked(File.ReadAllText(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Failure("upstream_key", $"{path} cannot be read: {exception.Message}");
        }
    }

    // A newline at the end is usual in files; anything else that is not visible would end up in a header.
    private static Result<string?> Checked(string text, string where)
    {
        var key = text.Trim();

        return key.Length > 0 && key.All(c => c is > ' ' and <= '~')
            ? key
            : new Failure("upstream_key", $"{where} does not hold a key: it is empty or has spaces or unprintable characters.");
    }
}
