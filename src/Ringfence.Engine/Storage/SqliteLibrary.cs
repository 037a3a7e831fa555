using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Ringfence.Storage;

/// <summary>Loads the system's SQLite: it is patched with the system, and the one in the package is too old for our SQL.</summary>
internal static class SqliteLibrary
{
    private const string Name = "libsqlite3.so.0";

    // ->> came with 3.38.
    private const int Oldest = 3_038_000;

    private static readonly Lazy<Failure?> Loaded = new(Load);
    private static nint library;

    /// <summary>
    /// Must be called before the first use of the provider: its static constructor binds the library. Null when it can be used.
    /// </summary>
    /// <remarks>Failures: <c>sqlite_missing</c>, <c>sqlite_too_old</c>.</remarks>
    public static Failure? Ensure() => Loaded.Value;

    /// <summary>Address of one of the library's functions: of the same copy that the provider uses.</summary>
    public static nint Export(string function) => NativeLibrary.GetExport(library, function);

    private static unsafe Failure? Load()
    {
        const string Hint = "Install it (libsqlite3-0 in Debian, sqlite-libs in Fedora), or use PostgreSQL: --database postgres://user@host/name.";

        if (!NativeLibrary.TryLoad(Name, out library) || !NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var export))
        {
            return new Failure("sqlite_missing", $"The store needs SQLite 3.38 or newer, and this machine has no {Name}.", Hint);
        }

        if (((delegate* unmanaged<int>)export)() is var version && version < Oldest)
        {
            return new Failure("sqlite_too_old", $"The store needs SQLite 3.38 or newer, and this machine has {version / 1_000_000}.{version / 1000 % 1000}.", Hint);
        }

        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return null;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == "e_sqlite3" ? library : nint.Zero;
}
