using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Ringfence.Acceptance;

/// <summary>A code host on loopback: a repository over HTTP as git itself serves it, and as much of GitHub's REST interface as a pull request needs.</summary>
internal sealed class GitHubLike : IAsyncDisposable
{
    public const string Token = "ghp-this-token-must-stay-outside";

    private readonly HttpListener listener;
    private readonly string folder;
    private readonly Task serving;
    private readonly List<JsonObject> opened = [];

    /// <param name="folder">Holds <c>acme/app.git</c>, a bare repository.</param>
    public GitHubLike(string folder)
    {
        this.folder = folder;
        (listener, var url) = WebhookReceiver.Listen();
        Address = url.TrimEnd('/');
        serving = ServeAsync();
    }

    public string Address { get; }

    public string Repository => $"{Address}/acme/app.git";

    public IReadOnlyList<JsonObject> PullRequests
    {
        get
        {
            lock (opened)
            {
                return [.. opened];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                await AnswerAsync(await listener.GetContextAsync());
            }
            catch (Exception broken) when (broken is HttpListenerException or ObjectDisposedException or IOException)
            {
                // Disposed, or a client that went away before its answer: the next one counts.
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext http)
    {
        var path = http.Request.Url!.AbsolutePath;

        if (path.StartsWith("/acme/app.git/", StringComparison.Ordinal))
        {
            await ServeGitAsync(http);
            return;
        }

        var (status, json) = http.Request.Headers["Authorization"] == $"Bearer {Token}" ? await GitHubAsync(http.Request, path) : (401, new JsonObject());
        http.Response.StatusCode = status;
        await http.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(json.ToJsonString()));
        http.Response.Close();
    }

    private async Task<(int Status, JsonNode Json)> GitHubAsync(HttpListenerRequest request, string path)
    {
        var body = request.HttpMethod == "POST" ? await JsonNode.ParseAsync(request.InputStream) : null;

        lock (opened)
        {
            switch (request.HttpMethod, path)
            {
                case ("GET", "/api/repos/acme/app"):
                    return (200, new JsonObject { ["default_branch"] = "main" });
                case ("GET", "/api/repos/acme/app/pulls"):
                    return (200, new JsonArray([.. opened.Where(one => $"acme:{one["head"]!["ref"]}" == request.QueryString["head"]).Select(one => one.DeepClone())]));
                case ("POST", "/api/repos/acme/app/pulls"):
                    var branch = (string)body!["head"]!;
                    opened.Add(new JsonObject
                    {
                        ["number"] = opened.Count + 1, ["html_url"] = $"{Address}/acme/app/pull/{opened.Count + 1}", ["title"] = (string)body["title"]!, ["body"] = (string)body["body"]!, ["draft"] = (bool)body["draft"]!,
                        ["head"] = new JsonObject { ["ref"] = branch, ["sha"] = File.ReadAllText(Path.Combine(folder, "acme/app.git/refs/heads", branch)).Trim() },
                    });
                    return (201, opened[^1].DeepClone());
                case ("POST", "/api/repos/acme/app/issues/1/labels"):
                    opened[0]["labels"] = body!["labels"]!.DeepClone();
                    return (200, new JsonArray());
                default:
                    return (404, new JsonObject());
            }
        }
    }

    private async Task ServeGitAsync(HttpListenerContext http)
    {
        var (request, response) = (http.Request, http.Response);

        if (request.RawUrl!.Contains("git-receive-pack", StringComparison.Ordinal)
            && request.Headers["Authorization"] != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-access-token:{Token}"))}")
        {
            response.StatusCode = 401;
            response.Close();
            return;
        }

        using var git = Process.Start(new ProcessStartInfo("git", ["http-backend"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["GIT_PROJECT_ROOT"] = folder, ["GIT_HTTP_EXPORT_ALL"] = "1", ["PATH_INFO"] = request.Url!.AbsolutePath, ["QUERY_STRING"] = request.Url.Query.TrimStart('?'), ["REQUEST_METHOD"] = request.HttpMethod,
                ["CONTENT_TYPE"] = request.ContentType ?? "", ["HTTP_CONTENT_ENCODING"] = request.Headers["Content-Encoding"] ?? "", ["GIT_PROTOCOL"] = request.Headers["Git-Protocol"] ?? "",
                ["REMOTE_USER"] = "acme", ["REMOTE_ADDR"] = "127.0.0.1",
            },
        })!;

        await request.InputStream.CopyToAsync(git.StandardInput.BaseStream);
        git.StandardInput.Close();
        using var output = new MemoryStream();
        await git.StandardOutput.BaseStream.CopyToAsync(output);
        await git.WaitForExitAsync();
        var end = output.ToArray().AsSpan().IndexOf("\r\n\r\n"u8);

        foreach (var header in Encoding.ASCII.GetString(output.ToArray(), 0, end).Split("\r\n").Select(line => line.Split(": ", 2)))
        {
            if (header[0] == "Status")
            {
                response.StatusCode = int.Parse(header[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            }
            else
            {
                response.Headers[header[0]] = header[1];
            }
        }

        await response.OutputStream.WriteAsync(output.ToArray().AsMemory(end + 4));
        response.Close();
    }
}
