using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ringfence.Outputs;
using Ringfence.Tests.Workspaces;

namespace Ringfence.Tests.Outputs;

/// <summary>
/// A code host on this machine: git over HTTP as git itself serves it, and the REST interface of one of the three kinds, as strict as the real ones are about
/// tokens, headers, fields, and what is there already. Faults are put in line before the answers.
/// </summary>
internal sealed class CodeHostServer : IAsyncDisposable
{
    public const string Token = "token-of-the-host";
    private const string Path = "acme/app";

    private readonly TemporaryFolder folder = new();
    private readonly WebApplication app;
    private readonly List<JsonObject> requests = [];
    private readonly Lock gate = new();

    private CodeHostServer(CodeHostKind kind, WebApplication app)
    {
        Kind = kind;
        this.app = app;
    }

    public CodeHostKind Kind { get; }

    /// <summary>Answers in the place of the real one, each once, to the next question of its method.</summary>
    public ConcurrentQueue<Fault> Faults { get; } = [];

    /// <summary>What was asked of the REST interface.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public string Bare => folder["git/acme/app.git"];

    public string Url => $"{app.Urls.First()}/{Path}.git";

    public CodeHost Host => new(new Uri(app.Urls.First()).Authority, Kind, new Uri(app.Urls.First() + Prefix), "CODE_HOST_TOKEN");

    /// <summary>The pull requests, as they are.</summary>
    public IReadOnlyList<JsonObject> PullRequests
    {
        get
        {
            lock (gate)
            {
                return [.. requests];
            }
        }
    }

    private string Prefix => Kind switch { CodeHostKind.GitLab => "/api/v4", CodeHostKind.Gitea => "/api/v1", _ => "/api/v3" };

    public static async Task<CodeHostServer> StartAsync(CodeHostKind kind)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new CodeHostServer(kind, builder.Build());
        Shell.Run(server.folder.Path, "git init -q --bare -b main git/acme/app.git && git -C git/acme/app.git config http.receivepack true && git -C git/acme/app.git config receive.autogc false && git init -q -b main work && cd work && echo hello > readme.txt && git add . && git commit -qm first && git push -q ../git/acme/app.git main");
        server.app.Run(server.AnswerAsync);
        await server.app.StartAsync();
        return server;
    }

    public string Git(string command) => Shell.Run(Bare, $"git {command}");

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        folder.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;

        if (path.StartsWith($"/{Path}.git/", StringComparison.Ordinal))
        {
            await ServeGitAsync(http);
            return;
        }

        Asked.Enqueue($"{http.Request.Method} {path}{http.Request.QueryString}");
        var fault = Faults.TryPeek(out var next) && next.Method == http.Request.Method && Faults.TryDequeue(out _) ? next : null;

        if (fault is { TakesEffect: false })
        {
            await fault.SendAsync(http);
            return;
        }

        var (status, json) = IsAllowed(http) ? Kind is CodeHostKind.GitLab ? await GitLabAsync(http, path) : await GitHubAsync(http, path) : (401, Message("Bad credentials"));

        if (fault is not null)
        {
            await fault.SendAsync(http);
            return;
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(json?.ToJsonString() ?? "");
    }

    private bool IsAllowed(HttpContext http) => Kind switch
    {
        CodeHostKind.GitLab => http.Request.Headers["PRIVATE-TOKEN"] == Token,
        CodeHostKind.Gitea => http.Request.Headers.Authorization == $"token {Token}",
        _ => http.Request.Headers.Authorization == $"Bearer {Token}" && http.Request.Headers.UserAgent.Count > 0 && http.Request.Headers["X-GitHub-Api-Version"] == "2022-11-28",
    };

    private async Task<(int, JsonNode?)> GitHubAsync(HttpContext http, string path)
    {
        var repository = $"{Prefix}/repos/{Path}";
        var body = http.Request.Method == "GET" ? null : (JsonObject)(await JsonNode.ParseAsync(http.Request.Body))!;

        lock (gate)
        {
            switch (http.Request.Method, path[Math.Min(path.Length, repository.Length)..])
            {
                case ("GET", ""):
                    return (200, new JsonObject { ["default_branch"] = "main" });

                case ("GET", "/pulls"):
                    var head = http.Request.Query["head"].ToString();
                    var page = int.TryParse(http.Request.Query["page"], out var asked) ? asked : 1;
                    var all = Kind is CodeHostKind.Gitea ? requests.Skip((page - 1) * 50).Take(50) : requests.Where(r => $"acme:{r["head"]!["ref"]}" == head);
                    return (200, new JsonArray([.. all.Select(r => r.DeepClone())]));

                case ("POST", "/pulls"):
                    var branch = (string)body!["head"]!;

                    if (requests.Exists(r => (string)r["head"]!["ref"]! == branch))
                    {
                        return Kind is CodeHostKind.Gitea ? (409, Message("pull request already exists for these targets"))
                            : (422, new JsonObject { ["message"] = "Validation Failed", ["errors"] = new JsonArray(Message($"A pull request already exists for acme:{branch}.")) });
                    }

                    if (Commit(branch) is not { } commit || Commit((string)body["base"]!) is null)
                    {
                        return (422, new JsonObject { ["message"] = "Validation Failed", ["errors"] = new JsonArray(Message("base or head is invalid")) });
                    }

                    var made = new JsonObject
                    {
                        ["number"] = requests.Count + 1, ["html_url"] = $"https://example.invalid/{Path}/pull/{requests.Count + 1}", ["title"] = (string)body["title"]!, ["body"] = (string?)body["body"],
                        ["draft"] = body["draft"]?.GetValue<bool>() ?? false, ["base"] = (string)body["base"]!, ["head"] = new JsonObject { ["ref"] = branch, ["sha"] = commit },
                    };
                    requests.Add(made);
                    return (201, made.DeepClone());

                case ("POST", "/issues/1/labels"):
                    requests[0]["labels"] = new JsonArray([.. body!["labels"]!.AsArray().Select(l => (JsonNode)(string)l!)]);
                    return (200, new JsonArray());

                case ("POST", "/pulls/1/requested_reviewers"):
                    if (body!["reviewers"]!.AsArray().Any(name => (string)name! == "nobody"))
                    {
                        return (422, Message("Reviews may only be requested from collaborators."));
                    }

                    requests[0]["reviewers"] = body["reviewers"]!.DeepClone();
                    requests[0]["teams"] = body["team_reviewers"]!.DeepClone();
                    return (201, requests[0].DeepClone());

                default:
                    return (404, Message("Not Found"));
            }
        }
    }

    private async Task<(int, JsonNode?)> GitLabAsync(HttpContext http, string path)
    {
        // The project's path is one segment, escaped: a server that decodes it would not find it.
        var raw = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        var project = $"{Prefix}/projects/acme%2Fapp";
        var body = http.Request.Method == "GET" ? null : (JsonObject)(await JsonNode.ParseAsync(http.Request.Body))!;

        if (http.Request.Method == "GET" && path == $"{Prefix}/users")
        {
            return (200, http.Request.Query["username"] == "ada" ? new JsonArray(new JsonObject { ["id"] = 17 }) : new JsonArray());
        }

        if (!raw.StartsWith(project, StringComparison.OrdinalIgnoreCase))
        {
            return (404, Message("404 Project Not Found"));
        }

        lock (gate)
        {
            switch (http.Request.Method, raw[project.Length..])
            {
                case ("GET", ""):
                    return (200, new JsonObject { ["default_branch"] = "main" });

                case ("GET", "/merge_requests"):
                    return (200, new JsonArray([.. requests.Where(r => (string)r["source_branch"]! == http.Request.Query["source_branch"]).Select(r => r.DeepClone())]));

                case ("POST", "/merge_requests"):
                    var branch = (string)body!["source_branch"]!;

                    if (requests.Exists(r => (string)r["source_branch"]! == branch))
                    {
                        return (409, new JsonObject { ["message"] = new JsonArray("Another open merge request already exists for this source branch: !1") });
                    }

                    var made = new JsonObject
                    {
                        ["iid"] = 1, ["web_url"] = $"https://example.invalid/{Path}/-/merge_requests/1", ["sha"] = Commit(branch), ["source_branch"] = branch, ["base"] = (string)body["target_branch"]!,
                        ["title"] = (string)body["title"]!, ["body"] = (string?)body["description"],
                    };
                    requests.Add(made);
                    return (201, made.DeepClone());

                case ("PUT", "/merge_requests/1"):
                    requests[0]["labels"] = new JsonArray([.. ((string?)body!["add_labels"] ?? "").Split(',').Select(l => (JsonNode)l)]);
                    requests[0]["reviewers"] = body["reviewer_ids"]?.DeepClone();
                    return (200, requests[0].DeepClone());

                default:
                    return (404, Message("404 Not Found"));
            }
        }
    }

    private string? Commit(string branch) => Shell.Run(Bare, $"git rev-parse --verify --quiet refs/heads/{branch} || true") is { Length: 40 } commit ? commit : null;

    private async Task ServeGitAsync(HttpContext http)
    {
        var isPush = http.Request.Query["service"] == "git-receive-pack" || http.Request.Path.Value!.EndsWith("/git-receive-pack", StringComparison.Ordinal);
        var user = Kind switch { CodeHostKind.GitLab => "oauth2", CodeHostKind.Gitea => "ringfence", _ => "x-access-token" };

        if (isPush && http.Request.Headers.Authorization != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{Token}"))}")
        {
            http.Response.StatusCode = 401;
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return;
        }

        using var git = Process.Start(new ProcessStartInfo("git", ["http-backend"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["GIT_PROJECT_ROOT"] = folder["git"], ["GIT_HTTP_EXPORT_ALL"] = "1", ["PATH_INFO"] = http.Request.Path.Value, ["QUERY_STRING"] = http.Request.QueryString.Value?.TrimStart('?'),
                ["REQUEST_METHOD"] = http.Request.Method, ["CONTENT_TYPE"] = http.Request.ContentType ?? "", ["HTTP_CONTENT_ENCODING"] = http.Request.Headers.ContentEncoding.ToString(),
                ["GIT_PROTOCOL"] = http.Request.Headers["Git-Protocol"].ToString(), ["REMOTE_USER"] = "acme", ["REMOTE_ADDR"] = "127.0.0.1",
            },
        })!;

        await http.Request.Body.CopyToAsync(git.StandardInput.BaseStream);
        git.StandardInput.Close();
        using var output = new MemoryStream();
        await git.StandardOutput.BaseStream.CopyToAsync(output);
        await git.WaitForExitAsync();

        var bytes = output.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);

        foreach (var line in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n"))
        {
            var (name, value) = (line.Split(": ")[0], line.Split(": ")[1]);

            if (name == "Status")
            {
                http.Response.StatusCode = int.Parse(value.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            }
            else
            {
                http.Response.Headers[name] = value;
            }
        }

        await http.Response.Body.WriteAsync(bytes.AsMemory(end + 4));
    }

    private static JsonObject Message(string text) => new() { ["message"] = text };
}

/// <param name="Status">0 breaks the connection off.</param>
/// <param name="TakesEffect">The question is answered in truth, and the answer gets lost.</param>
internal sealed record Fault(string Method, int Status, bool TakesEffect = false, params (string Name, string Value)[] Headers)
{
    public async Task SendAsync(HttpContext http)
    {
        if (Status == 0)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = Status;

        foreach (var (name, value) in Headers)
        {
            http.Response.Headers[name] = value;
        }

        await http.Response.WriteAsync("{\"message\":\"not now\"}");
    }
}
