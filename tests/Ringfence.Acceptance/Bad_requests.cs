using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Ringfence.Acceptance;

/// <summary>
/// Whatever is sent, the answer is a result or a problem that says what to do: never a mistake of ours, and nothing of our insides. The requests are made
/// from the server's own OpenAPI document, so that what is added to the API is tried too.
/// </summary>
public sealed class Bad_requests
{
    private static readonly string[] Insides = ["Exception", "   at ", "System.", "Ringfence.App", "Npgsql", "SQLite", "sqlite", "stack"];

    /// <summary>JSON that fits hardly anywhere.</summary>
    private static readonly string[] Values =
    [
        "null", "true", "-1", "0", "1.5", "1e400", "9223372036854775808", "\"\"", "\" \"", "\"x\"", "[]", "{}", "[null]", "[1]", "{\"a\":{\"a\":{}}}",
        "\"'; drop table runs; --\"", "\"<script>alert(1)</script>\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"../../etc/passwd\"", "\"%00\"", "\"\\u202e\\u0007\"",
    ];

    private static readonly string[] PathParts =
        ["x", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "'%20or%201=1--", "%3Cscript%3E", "0000000000000000", "all", "%F0%9F%92%A9", "%ff%fe"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    public async Task Are_refused_with_a_reason_and_leak_nothing()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await using var server = await RunningServer.StartAsync(ringfence, null, "--rate-limit", "1000000", "--max-runs", "1");
        var document = (await server.GetAsync("/openapi/v1.json")).Json;
        var schemas = document["components"]!["schemas"]!;
        var faults = new List<string>();
        var tried = 0;

        foreach (var (path, operations) in document["paths"]!.AsObject().Where(path => !path.Key.EndsWith("/events", StringComparison.Ordinal)))
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                foreach (var (address, body) in Requests(path, operation!, schemas))
                {
                    var answer = await server.SendAsync(new HttpMethod(method.ToUpperInvariant()), address, body, ("Idempotency-Key", $"k{tried++}"));

                    if (Fault(answer, ringfence) is { } fault)
                    {
                        faults.Add($"{fault}: {method} {Short(address)} {Short(body)}\n  {Short(answer.ToString())}");
                    }
                }
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} of {tried}:\n{string.Join('\n', faults.Take(40))}");
        Assert.True(tried > 500, $"Only {tried} requests were made.");
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/v1/runs")).Status);
    }

    [Theory(Timeout = Patience)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_a_hundred_megabytes_are_refused_before_they_are_read(bool tellsLength)
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await using var server = await RunningServer.StartAsync(ringfence);
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Address + "/v1/runs");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server.Key);
        request.Headers.ExpectContinue = true;
        request.Headers.TransferEncodingChunked = !tellsLength;
        request.Content = new StreamContent(new MemoryStream(new byte[100 << 20]));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        try
        {
            using var response = await http.SendAsync(request, Cancel);
            Assert.Contains(response.StatusCode, new[] { HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest });
        }
        catch (HttpRequestException)
        {
            // The connection was closed while we were still sending: refused all the same.
        }

        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/v1/runs")).Status);
    }

    [Theory(Timeout = Patience)]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET /v1/runs HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("POST /v1/runs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET /v1/runs\0 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://169.254.169.254/v1/runs HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n")]
    [InlineData("GET /v1/../healthz/../v1/keys HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("garbage\r\n\r\n")]
    public async Task With_tricks_in_the_protocol_get_no_further_than_the_door(string bytes)
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await using var server = await RunningServer.StartAsync(ringfence);
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(new Uri(server.Address).Authority), Cancel);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), Cancel);
        client.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(Cancel);

        Assert.Matches("^(HTTP/1.1 4(00|01|04|11) |$)", answer);
    }

    [Fact(Timeout = Patience)]
    public async Task For_what_is_another_callers_find_nothing_of_it()
    {
        await using var ringfence = await RunningRingfence.StartAsync(Scripts.Writes("hello"));
        await ringfence.CommitAsync(("README.md", "# A project\n"));
        await using var server = await RunningServer.StartAsync(ringfence);
        var eve = server with { Key = (string)(await server.PostAsync("/v1/keys", """{"name":"eve","role":"runner"}""")).Json["key"]! };
        var body = $$"""{"repo":"{{ringfence.Repository}}","prompt":"Go","model":"simulated-model"}""";

        var mine = await server.SendAsync(HttpMethod.Post, "/v1/runs", body, ("Idempotency-Key", "same"));
        var hers = await eve.SendAsync(HttpMethod.Post, "/v1/runs", body, ("Idempotency-Key", "same"));
        var other = await server.SendAsync(HttpMethod.Post, "/v1/runs", body.Replace("Go", "Stop", StringComparison.Ordinal), ("Idempotency-Key", "same"));

        Assert.NotEqual((string?)mine.Json["id"], (string?)hers.Json["id"]);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "idempotency_key_reused"), (other.Status, (string?)other.Json["code"]));
        Assert.Equal(HttpStatusCode.Forbidden, (await eve.GetAsync("/v1/keys")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await eve.SendAsync(HttpMethod.Put, "/v1/budgets", """{"scope":"team:7","limitUsd":1}""")).Status);
    }

    /// <summary>What is wrong with an answer; null when nothing is.</summary>
    private static string? Fault(Answer answer, RunningRingfence ringfence) =>
        (int)answer.Status < 400 ? null

        // A zero byte in an address is refused by the HTTP server itself, which says no more than that.
        : answer is { Status: HttpStatusCode.BadRequest, Text: "" } ? null
        : (int)answer.Status >= 500 ? "a mistake of ours"
        : answer.Type != "application/problem+json" ? "no problem"
        : string.IsNullOrEmpty((string?)answer.Json["code"]) || string.IsNullOrEmpty((string?)answer.Json["detail"]) ? "no reason"
        : Insides.Append(ringfence.Home).FirstOrDefault(word => answer.Text.Contains(word, StringComparison.Ordinal)) is { } leaked ? $"shows '{leaked}'"
        : null;

    private static IEnumerable<(string Address, string? Body)> Requests(string path, JsonNode operation, JsonNode schemas)
    {
        var parameters = operation["parameters"]!.AsArray();
        var inPath = parameters.Where(parameter => (string?)parameter!["in"] == "path").Select(parameter => (string)parameter!["name"]!).ToList();
        var plain = inPath.Aggregate(path, (address, name) => address.Replace($"{{{name}}}", "x", StringComparison.Ordinal));
        var good = operation["requestBody"] is { } body ? Resolve(body["content"]!["application/json"]!["schema"]!, schemas) : null;
        var valid = good is null ? null : Example(good).ToJsonString();

        foreach (var part in inPath.Count > 0 ? PathParts : [])
        {
            yield return (inPath.Aggregate(path, (address, name) => address.Replace($"{{{name}}}", part, StringComparison.Ordinal)), valid);
        }

        foreach (var name in parameters.Where(parameter => (string?)parameter!["in"] == "query").Select(parameter => (string)parameter!["name"]!).Append("unknown"))
        {
            foreach (var value in (string[])["", "-1", "0", "99999999999999999999", "x", "'", "%00", "%ff", "%3Cb%3E", new string('y', 5000)])
            {
                yield return ($"{plain}?{name}={value}", valid);
            }
        }

        if (good is null)
        {
            yield break;
        }

        foreach (var text in (string[])["", "{", "[]", "null", "\"\"", "{\"unknown\":1}", "\u0001", new string('[', 2000), valid!.Replace("{", "{\"unknown\":1,", StringComparison.Ordinal)])
        {
            yield return (plain, text);
        }

        foreach (var (name, schema) in good["properties"]!.AsObject())
        {
            foreach (var value in Values.Append($"\"{new string('z', 60_000)}\"").Concat(OutOfRange(schema!)))
            {
                var changed = Example(good);
                changed.Remove(name);
                var rest = changed.ToJsonString()[1..^1];
                yield return (plain, $"{{\"{name}\":{value}{(rest.Length > 0 ? "," : "")}{rest}}}");
            }
        }
    }

    private static string? Short(string? text) => text?.Length > 300 ? text[..300] : text;

    private static IEnumerable<string> OutOfRange(JsonNode schema)
    {
        if (schema is not JsonObject)
        {
            yield break;
        }

        if (schema["minimum"] is { } least)
        {
            yield return ((double)least - 1).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        }

        if (schema["maximum"] is { } most)
        {
            yield return ((double)most + 1).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    private static JsonNode Resolve(JsonNode schema, JsonNode schemas) => schema["$ref"] is { } reference ? schemas[((string)reference!).Split('/')[^1]]! : schema;

    /// <summary>A body with what is required, which nothing outside the machine follows from.</summary>
    private static JsonObject Example(JsonNode schema)
    {
        var example = new JsonObject();

        foreach (var name in schema["required"]?.AsArray().Select(required => (string)required!) ?? [])
        {
            var property = schema["properties"]![name]!;
            example[name] = name == "repo" ? "https://127.0.0.1:1/none.git"
                : property["maxItems"] is not null ? new JsonArray("example")
                : property["enum"] is JsonArray words ? (string)words[0]!
                : property["minimum"] is not null ? 1
                : ((string?)property["pattern"])?.Contains("64", StringComparison.Ordinal) == true ? new string('0', 64)
                : "example";
        }

        return example;
    }
}
