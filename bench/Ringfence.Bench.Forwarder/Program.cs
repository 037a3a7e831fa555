using System.Net;

// forwarder LISTEN-PORT UPSTREAM-PORT
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture)));
await using var app = builder.Build();

using var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });
var upstream = $"http://127.0.0.1:{args[1]}";

app.Run(async http =>
{
    using var request = new HttpRequestMessage(HttpMethod.Post, upstream + http.Request.Path) { Content = new StreamContent(http.Request.Body) };
    request.Content.Headers.ContentLength = http.Request.ContentLength;
    request.Content.Headers.TryAddWithoutValidation("Content-Type", http.Request.ContentType);
    using var response = await client.SendAsync(request, http.RequestAborted);
    http.Response.StatusCode = (int)response.StatusCode;
    http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
    http.Response.ContentLength = response.Content.Headers.ContentLength;
    await using var body = await response.Content.ReadAsStreamAsync(http.RequestAborted);

    while (true)
    {
        var count = await body.ReadAsync(http.Response.BodyWriter.GetMemory(16 << 10), http.RequestAborted);

        if (count == 0)
        {
            return;
        }

        http.Response.BodyWriter.Advance(count);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
});

await app.RunAsync();
