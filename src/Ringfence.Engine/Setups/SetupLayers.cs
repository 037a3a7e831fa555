using System.Text;
using System.Text.Json;
using Ringfence.Workspaces;

namespace Ringfence.Setups;

/// <summary>
/// The layers that set-up commands made, each in <c>$RINGFENCE_HOME/setups/KEY</c>: <c>layer.json</c> and the folder <c>layer</c>, written once. What nobody
/// used for two weeks goes when the next one is made.
/// </summary>
public sealed class SetupLayers(string home, TimeProvider time)
{
    private static readonly TimeSpan Unused = TimeSpan.FromDays(14);

    private string Root => Path.Combine(home, "setups");

    /// <summary>The newest first.</summary>
    public IReadOnlyList<(SetupLayer Layer, DateTimeOffset Used)> All() =>
    [
        .. (Directory.Exists(Root) ? Directory.EnumerateDirectories(Root) : [])
            .Select(folder => (Layer: Read(Path.GetFileName(folder))!, Used: new DateTimeOffset(File.GetLastWriteTimeUtc(RecordOf(Path.GetFileName(folder))))))
            .Where(found => found.Layer is not null).OrderByDescending(found => found.Layer.MadeUs),
    ];

    /// <summary>False when there is none. No run that stands on it may be going on.</summary>
    public bool Remove(string key)
    {
        if (Read(key) is null)
        {
            return false;
        }

        // Without its record it is nobody's any more, wherever the removal is interrupted.
        File.Delete(RecordOf(key));
        UnixFolder.RemoveAll(Path.Combine(Root, key));
        return true;
    }

    internal string LayerOf(string key) => Path.Combine(Root, key, "layer");

    internal async Task<FolderLock> LockAsync(string key, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Root);
        return await FolderLock.TakeAsync(Path.Combine(Root, key + ".lock"), time, cancellationToken);
    }

    /// <summary>The layer, marked as used now; null when it must be made.</summary>
    internal SetupLayer? Use(string key)
    {
        var layer = Read(key);

        if (layer is not null)
        {
            File.SetLastWriteTimeUtc(RecordOf(key), time.GetUtcNow().UtcDateTime);
        }

        return layer;
    }

    /// <summary>An empty folder to make it in. The caller holds its lock.</summary>
    internal string Begin(string key)
    {
        foreach (var (layer, _) in All().Where(found => time.GetUtcNow() - found.Used > Unused))
        {
            Remove(layer.Key);
        }

        UnixFolder.RemoveAll(Path.Combine(Root, key)); // its maker was killed, or failed
        Directory.CreateDirectory(LayerOf(key));
        return Path.Combine(Root, key);
    }

    /// <summary>From here on it is there.</summary>
    internal void Finish(SetupLayer layer)
    {
        var record = RecordOf(layer.Key);
        File.WriteAllBytes(record + ".new", JsonSerializer.SerializeToUtf8Bytes(layer, SetupJson.Default.SetupLayer));
        File.Move(record + ".new", record);
    }

    private string RecordOf(string key) => Path.Combine(Root, key, "layer.json");

    private SetupLayer? Read(string key)
    {
        try
        {
            return key.All(char.IsAsciiLetterOrDigit) ? JsonSerializer.Deserialize(File.ReadAllText(RecordOf(key), Encoding.UTF8), SetupJson.Default.SetupLayer) : null;
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // not there, not finished, or removed in between
        }
    }
}
