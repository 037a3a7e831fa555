using System.IO.Compression;
using System.Net.Security;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ringfence.Audit;
using Ringfence.Egress;
using Ringfence.Secrets;
using Xunit;

namespace Ringfence.Tests.Egress;

public sealed class A_secret_at_the_door
{
    private const string Value = "ghp_1234567890/+abcdefXYZ==";

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2")]
    public async Task Reaches_its_host_in_its_header_and_is_recorded_by_name(string version)
    {
        await using var outside = await OutsideServer.StartAsync();
        var secret = DoorBench.Secret("TOKEN", Value, "Authorization", "good.test");
        await using var bench = await OpenAsync(outside, secret);

        var (_, output) = await bench.CurlAsync(version, "-H", $"Authorization: Bearer {secret.Secret.Placeholder}", "https://good.test/");

        Assert.Equal("hello from good.test 200", output);
        var seen = Assert.Single(outside.Requests);
        Assert.Equal($"Bearer {Value}", seen.Headers["Authorization"]);
        Assert.Equal(version == "--http2" ? "HTTP/2" : "HTTP/1.1", seen.Protocol);
        Assert.Equal(new SecretUsed("TOKEN", "good.test", "Authorization"), Assert.Single(bench.Record.Of<SecretUsed>()), (a, b) => a!.Name == b!.Name && a.Host == b.Host && a.Header == b.Header);
        AssertNowhere(bench);
    }

    [Fact]
    public async Task Is_put_into_basic_credentials_as_git_and_feeds_send_them()
    {
        await using var outside = await OutsideServer.StartAsync();
        var secret = DoorBench.Secret("TOKEN", Value, "Authorization", "good.test");
        await using var bench = await OpenAsync(outside, secret);
        await bench.CurlAsync("-u", $"x-access-token:{secret.Secret.Placeholder}", "https://good.test/");
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-access-token:{Value}")), Assert.Single(outside.Requests).Headers["Authorization"]);
        AssertNowhere(bench);
    }

    [Fact]
    public async Task Stays_a_placeholder_for_every_other_host_header_and_place()
    {
        // S05, S08
        await using var outside = await OutsideServer.StartAsync();
        var secret = DoorBench.Secret("TOKEN", Value, "X-Api-Key", "good.test");
        await using var bench = await OpenAsync(outside, secret, $"GET other.test/*@{outside.Address}", $"POST other.test/*@{outside.Address}");
        var placeholder = secret.Secret.Placeholder;

        await bench.CurlAsync("-H", $"X-Api-Key: {placeholder}", "https://other.test/");
        await bench.CurlAsync("-H", $"X-Api-Key: {placeholder}", "http://good.test/");
        await bench.CurlAsync("-H", $"Authorization: {placeholder}", "-d", placeholder, $"https://good.test/{placeholder}?k={placeholder}");

        Assert.Equal(3, outside.Requests.Count);
        Assert.DoesNotContain(outside.Requests, r => (r.Target + r.Body + string.Join(' ', r.Headers.Values)).Contains(Value, StringComparison.Ordinal));
        Assert.Equal(placeholder, outside.Requests.First().Headers["X-Api-Key"]);
        Assert.Empty(bench.Record.Of<SecretUsed>());
        Assert.Equal(
            ["placeholder in header x-api-key to other.test", "placeholder in header x-api-key to good.test", "placeholder in header authorization to good.test", "placeholder in path to good.test"],
            bench.Record.Of<SecretLeakBlocked>().Select(f => f.Where));
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("base64")]
    [InlineData("gzip")]
    [InlineData("slow")]
    [InlineData("header")]
    public async Task Is_taken_out_of_answers_that_echo_it(string how)
    {
        await using var outside = await OutsideServer.StartAsync(async context =>
        {
            var echo = Encoding.UTF8.GetBytes("you sent " + context.Request.Headers.Authorization + ".");

            switch (how)
            {
                case "base64":
                    await context.Response.WriteAsync(Convert.ToBase64String(echo));
                    break;
                case "gzip":
                    context.Response.Headers.ContentEncoding = "gzip";
                    await using (var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest))
                    {
                        await zip.WriteAsync(echo);
                    }

                    break;
                case "slow":
                    foreach (var b in echo)
                    {
                        await context.Response.Body.WriteAsync((byte[])[b]);
                        await context.Response.Body.FlushAsync();
                    }

                    break;
                case "header":
                    context.Response.Headers["X-Echo"] = Encoding.UTF8.GetString(echo);
                    await context.Response.WriteAsync("you sent ");
                    break;
                default:
                    context.Response.ContentLength = echo.Length;
                    await context.Response.Body.WriteAsync(echo);
                    break;
            }
        });
        var secret = DoorBench.Secret("TOKEN", Value, "Authorization", "good.test");
        await using var bench = await OpenAsync(outside, secret);

        var (exit, output) = await bench.CurlAsync("-i", "-H", $"Authorization: Bearer {secret.Secret.Placeholder}", "https://good.test/");

        Assert.Equal(0, exit);
        Assert.Contains($"Bearer {Value}", Assert.Single(outside.Requests).Headers["Authorization"], StringComparison.Ordinal);
        Assert.False(new SecretRedactor([secret.Secret]).Contains(Encoding.UTF8.GetBytes(output)), output);
        Assert.Contains(how == "base64" ? Convert.ToBase64String("you sent "u8) : "you sent ", output, StringComparison.Ordinal);
        Assert.Equal("response of good.test", (await bench.Record.WaitForAsync<SecretLeakBlocked>(_ => true)).Where);
    }

    [Fact]
    public async Task Does_not_follow_a_redirect_to_another_host()
    {
        await using var outside = await OutsideServer.StartAsync(context =>
        {
            if (context.Request.Host.Host == "good.test")
            {
                context.Response.Redirect("https://other.test/");
            }

            return Task.CompletedTask;
        });
        var secret = DoorBench.Secret("TOKEN", Value, "Authorization", "good.test");
        await using var bench = await OpenAsync(outside, secret, $"other.test@{outside.Address}");

        await bench.CurlAsync("-L", "--location-trusted", "-H", $"Authorization: Bearer {secret.Secret.Placeholder}", "https://good.test/");

        Assert.Equal([$"Bearer {Value}", $"Bearer {secret.Secret.Placeholder}"], outside.Requests.Select(r => r.Headers["Authorization"]));
    }

    [Fact]
    public async Task Is_not_sent_to_a_host_whose_certificate_nobody_vouches_for()
    {
        await using var impostor = await OutsideServer.StartAsync();
        await using var outside = await OutsideServer.StartAsync();
        var secret = DoorBench.Secret("TOKEN", Value, "Authorization", "good.test");
        await using var bench = await DoorBench.OpenAsync(
            outside, new NetworkPolicy([$"good.test@{impostor.Address}"]), [secret], _ => [impostor.Address]);

        var (_, output) = await bench.CurlAsync("-H", $"Authorization: Bearer {secret.Secret.Placeholder}", "https://good.test/");

        Assert.EndsWith(" 502", output, StringComparison.Ordinal);
        Assert.Empty(impostor.Requests);
        await bench.Record.WaitForAsync<NetworkConnection>(c => c.Reason == "upstream_certificate");
    }

    [Theory]
    [InlineData("TRACE", "https://good.test/")] // S11
    [InlineData("GET", "https://good.test/", "-H", "Host: other.test")] // N15: the name inside TLS
    public async Task Is_not_used_for_a_request_that_is_refused(string method, string url, params string[] more)
    {
        await using var outside = await OutsideServer.StartAsync();
        var secret = DoorBench.Secret("TOKEN", Value, "Authorization", "good.test");
        await using var bench = await OpenAsync(outside, secret);
        await bench.CurlAsync(["-X", method, "-H", $"Authorization: Bearer {secret.Secret.Placeholder}", url, .. more]);
        Assert.Empty(outside.Requests);
        Assert.Empty(bench.Record.Of<SecretUsed>());
        await bench.Record.WaitForAsync<NetworkConnection>(c => c is { Allowed: false, Request: not null });
    }

    [Fact]
    public async Task Lets_git_clone_from_a_host_that_asks_for_it()
    {
        var folder = Directory.CreateTempSubdirectory("egress-git-");
        using var network = NetworkNamespace.Create();
        await network.RunAsync("git", ["init", "-q", "-b", "main", "source"], folder: folder.FullName);
        await network.RunAsync("sh", ["-c", "cd source && echo hi > file && git add . && git -c user.name=a -c user.email=a@b commit -qm x && git update-server-info"], folder: folder.FullName);
        var wanted = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Value}"));

        await using var outside = await OutsideServer.StartAsync(async context =>
        {
            var file = Path.Combine(folder.FullName, "source", ".git", context.Request.Path.Value!.Replace("/repo.git/", "", StringComparison.Ordinal));

            if (context.Request.Headers.Authorization != wanted)
            {
                context.Response.StatusCode = 401;
                context.Response.Headers.WWWAuthenticate = "Basic realm=x";
            }
            else if (File.Exists(file))
            {
                await context.Response.SendFileAsync(file);
            }
            else
            {
                context.Response.StatusCode = 404;
            }
        });
        var secret = DoorBench.Secret("TOKEN", Value, "Authorization", "good.test");
        await using var bench = await OpenAsync(outside, secret);

        var (exit, output) = await bench.Inside.RunAsync(
            "git", ["clone", "-q", $"https://me:{secret.Secret.Placeholder}@good.test/repo.git", "copy"],
            new Dictionary<string, string> { ["GIT_SSL_CAINFO"] = Path.Combine(bench.Folder, "ca.pem"), ["GIT_TERMINAL_PROMPT"] = "0" }, bench.Folder);

        Assert.True(exit == 0, output);
        Assert.Equal("hi\n", await File.ReadAllTextAsync(Path.Combine(bench.Folder, "copy", "file"), TestContext.Current.CancellationToken));
        Assert.Contains(bench.Record.Of<SecretUsed>(), f => f.Name == "TOKEN");
        AssertNowhere(bench);
        folder.Delete(recursive: true);
    }

    private static Task<DoorBench> OpenAsync(OutsideServer outside, BrokeredSecret secret, params string[] more) =>
        DoorBench.OpenAsync(outside, new NetworkPolicy([$"good.test@{outside.Address}", .. more]), [secret]);

    // S04
    private static void AssertNowhere(DoorBench bench)
    {
        var redactor = new SecretRedactor([new SecretValue("TOKEN", Value, "0")]);
        Assert.All(bench.Record.Of<AuditFact>(), f => Assert.False(redactor.Contains(JsonSerializer.SerializeToUtf8Bytes(f, f.GetType()))));
    }
}
