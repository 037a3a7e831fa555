namespace Ringfence.Egress;

/// <summary>The module proxies and the checksum database that the go command uses for this user.</summary>
internal static class GoProxies
{
    public static async Task<Result<IReadOnlyList<string>>> ReadAsync(UserSide user, CancellationToken cancellationToken)
    {
        if (await ToolQuestion.AskAsync(user, "go", ["env", "GOPROXY", "GOSUMDB"], cancellationToken) is not { } answer)
        {
            return ToolQuestion.NotInstalled("go", "go");
        }

        var lines = answer.Split('\n');
        var urls = lines[0].Split(',', '|').ToList();

        // "name" or "name+key url"; off for none.
        if (lines.Length > 1 && lines[1].Trim() is { Length: > 0 } sums and not "off")
        {
            urls.Add(sums.Split(' ') is [_, var url] ? url : $"https://{sums.Split('+')[0]}");
        }

        return urls;
    }
}
