namespace Ringfence.Workspaces;

/// <summary>One writer at a time for a folder, across processes. The kernel lets go when the holder dies.</summary>
internal sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private readonly FileStream file;

    private FolderLock(FileStream file) => this.file = file;

    public static async Task<FolderLock> TakeAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException held) when (held.GetType() == typeof(IOException) && (held.HResult & 0xFFFF) == WouldBlock)
            {
                await Task.Delay(Poll, time, cancellationToken);
            }
        }
    }

    public void Dispose() => file.Dispose();

    private const int WouldBlock = 11; // EAGAIN: another FileStream holds its flock
}
