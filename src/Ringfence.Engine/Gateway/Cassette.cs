using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ringfence.Gateway;

/// <summary>How a lease's model traffic is taken: live, recorded, or played back.</summary>
public abstract record CassetteMode
{
    /// <param name="Path">A file that is made, or continued by a run that had been interrupted.</param>
    /// <param name="Redact">Takes secrets out of a text before it is written; null writes it as it is.</param>
    public sealed record Record(string Path, Func<string, string>? Redact = null) : CassetteMode;

    /// <param name="LiveAfter">After so many exchanges, calls go to the provider again; null never does.</param>
    /// <param name="Redact">The same as when it was recorded: what was taken out then is no difference now.</param>
    public sealed record Replay(string Path, int? LiveAfter = null, Func<string, string>? Redact = null) : CassetteMode;
}

/// <summary>One exchange as it is kept: a line of JSON.</summary>
/// <param name="Version">Of the normaliser that made <paramref name="Key"/>.</param>
/// <param name="Key">Of the normalised request; see <see cref="CassetteKey"/>.</param>
internal sealed record CassetteExchange(
    int Version, string Path, string Exact, string Key, string Request, int Status, string ContentType, string Response);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CassetteExchange))]
internal sealed partial class CassetteJson : JsonSerializerContext;

/// <summary>Writes the exchanges of one run, each when it has ended whole.</summary>
internal sealed class CassetteRecorder : IAsyncDisposable
{
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly Func<string, string> redact;
    private readonly FileStream file;

    public CassetteRecorder(CassetteMode.Record mode)
    {
        redact = mode.Redact ?? (text => text);

        file = new FileStream(mode.Path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

        DropCutLine();
    }

    public async Task AddAsync(string path, ReadOnlyMemory<byte> request, int status, string? contentType, ReadOnlyMemory<byte> response, CancellationToken cancellationToken)
    {
        var asked = redact(Encoding.UTF8.GetString(request.Span));

        var line = JsonSerializer.SerializeToUtf8Bytes(
            new CassetteExchange(
                CassetteKey.Version, path, CassetteKey.Exact(path, asked), CassetteKey.Of(path, asked), asked, status, contentType ?? "application/json",
                redact(Encoding.UTF8.GetString(response.Span))),
            CassetteJson.Default.CassetteExchange);

        await writing.WaitAsync(cancellationToken);

        try
        {
            await file.WriteAsync(line, cancellationToken);
            await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
            await file.FlushAsync(cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        writing.Dispose();
    }

    // What a crash left without its newline would spoil the line that comes after it.
    private void DropCutLine()
    {
        var end = file.Length;

        while (end > 0)
        {
            file.Position = end - 1;

            if (file.ReadByte() == '\n')
            {
                break;
            }

            end--;
        }

        file.SetLength(end);
        file.Position = end;
    }
}
