using Ringfence.Storage;
using SQLitePCL;

namespace Ringfence.Audit;

/// <summary>
/// The library's own functions, without what the provider puts around each: seven guarded calls for every event took longer than hashing it. The
/// statement is held by the caller, which is what the guards are for.
/// </summary>
internal static unsafe class SqliteColumns
{
    private static readonly delegate* unmanaged<nint, int> Step = (delegate* unmanaged<nint, int>)SqliteLibrary.Export("sqlite3_step");

    // These look into a row that is there: a few nanoseconds each, and never a wait.
    private static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, long> Integer =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, long>)SqliteLibrary.Export("sqlite3_column_int64");

    private static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, byte*> Blob =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, byte*>)SqliteLibrary.Export("sqlite3_column_blob");

    private static readonly delegate* unmanaged[SuppressGCTransition]<nint, int, int> Length =
        (delegate* unmanaged[SuppressGCTransition]<nint, int, int>)SqliteLibrary.Export("sqlite3_column_bytes");

    /// <summary>Gives every row to <paramref name="next"/> and returns how the last step ended.</summary>
    public static int Read(sqlite3_stmt statement, ScannedEvent next, CancellationToken cancellationToken)
    {
        var handle = statement.DangerousGetHandle();
        int step;

        while ((step = Step(handle)) == raw.SQLITE_ROW)
        {
            cancellationToken.ThrowIfCancellationRequested();
            next(Integer(handle, 0), Integer(handle, 1), Bytes(handle, 2), Bytes(handle, 3));
        }

        return step;
    }

    private static ReadOnlySpan<byte> Bytes(nint handle, int column)
    {
        // The address first: asking for it may change the value's form, and with it the length.
        var address = Blob(handle, column);
        return new(address, Length(handle, column));
    }
}
