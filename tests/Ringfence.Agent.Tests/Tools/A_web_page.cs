using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ringfence.Agent.Tools;
using Ringfence.Tests.Support;

namespace Ringfence.Tests.Tools;

/// <summary>What WebFetch tells of a page: its words, and what stands in the way of them.</summary>
public sealed class A_web_page
{
    [Theory]
    [InlineData("<h1>Title</h1><p>One &amp; two</p>", "# Title\nOne & two")]
    [InlineData("<html><head><title>x</title></head><body>seen<script>if (a < b) hidden()</script> and <!-- <b>hidden</b> --> more</body>", "seen and more")]
    [InlineData("<ul><li>a</li><li class=b>c</li></ul><br/>d", "- a\n- c\n\nd")]
    [InlineData("<header>kept</header> 1 < 2 and 3 > 2", "kept 1 < 2 and 3 > 2")]
    [InlineData("<SCRIPT>hidden</Script >shown <style>never closed", "shown never closed")]
    [InlineData("a\r\n\r\n\r\n  b\t\u00a0c", "a\n\nb c")]
    public void Is_told_in_its_words(string html, string expected) => Assert.Equal(expected, PageText.Of(html));

    [Theory(Timeout = Patience)]
    [InlineData("<script ")]
    [InlineData("<script>")]
    [InlineData("<")]
    [InlineData("<a")]
    [InlineData("<!--")]
    [InlineData("<!-- --")]
    [InlineData("</p")]
    [InlineData("<p>\n ")]
    [InlineData("&amp")]
    public async Task Costs_no_more_than_its_length_however_it_is_broken(string part)
    {
        var page = string.Concat(Enumerable.Repeat(part, 4_000_000 / part.Length));

        Assert.InRange((await Task.Run(() => PageText.Of(page), TestContext.Current.CancellationToken)).Length, 0, page.Length);
    }

    [Fact]
    public async Task Is_fetched_or_it_is_said_why_not()
    {
        await using var site = await SiteAsync();
        var address = site.Urls.Single();
        await using var agent = await AgentProcess.WithModelAsync(
            $$"""
            turns:
              - { calls: [{ tool: WebFetch, input: { url: "{{address}}/page", prompt: x } }] }
              - { require: [{ result: { tool: WebFetch, contains: ["(200 OK)", "# Herons"], lacks: secret } }], calls: [{ tool: WebFetch, input: { url: "{{address}}/moved", prompt: x } }] }
              - { require: [{ result: { tool: WebFetch, contains: "# Herons" } }], calls: [{ tool: WebFetch, input: { url: "{{address}}/elsewhere", prompt: x } }] }
              - { require: [{ result: { tool: WebFetch, contains: "redirects to another host: https://example.com/" } }], calls: [{ tool: WebFetch, input: { url: "{{address}}/missing", prompt: x } }] }
              - { require: [{ result: { tool: WebFetch, contains: "(404 Not Found)", error: true } }], calls: [{ tool: WebFetch, input: { url: "{{address}}/endless", prompt: x } }] }
              - { require: [{ result: { tool: WebFetch, contains: "could not be fetched", error: true } }], calls: [{ tool: WebFetch, input: { url: "file:///etc/passwd", prompt: x } }] }
              - { require: [{ result: { tool: WebFetch, contains: "must be an http or https address", error: true } }], text: ok }
            """);

        Assert.Equal("ok\n", (await agent.RunAsync("-p", "go", "--allowedTools", "WebFetch")).Output);
    }

    private static async Task<WebApplication> SiteAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var site = builder.Build();
        site.MapGet("/page", () => Results.Text("<h1>Herons</h1><script>secret()</script><p>They wait.</p>", "text/html"));
        site.MapGet("/moved", () => Results.Redirect("/page"));
        site.MapGet("/elsewhere", () => Results.Redirect("https://example.com/"));
        site.MapGet("/endless", async (HttpContext context) =>
        {
            var part = new byte[1 << 16];

            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(part, context.RequestAborted);
            }
        });

        await site.StartAsync(TestContext.Current.CancellationToken);
        return site;
    }
}
