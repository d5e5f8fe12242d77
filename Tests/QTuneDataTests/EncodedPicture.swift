/// Small encoded pictures with the pixels that Pillow decodes from them.
struct EncodedPicture: Sendable, CustomStringConvertible {
    let name: String
    let width: Int
    let height: Int
    let base64: String
    let pixels: [UInt8]

    var description: String { name }

    static let all = [
        EncodedPicture(
            name: "png rgb", width: 4, height: 3,
            base64: """
                iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAIAAAA7ljmRAAAAMklEQVR4nAEnANj/APjCvs+TGu0V9dPvLQQN2+E3o9IxGdLl\
                MaAAJAeG3jmSCJUODxYKlVQRWkmsnoMAAAAASUVORK5CYII=
                """,
            pixels: [
                248, 194, 190, 207, 147, 26, 237, 21, 245, 211, 239, 45, 5, 157, 159, 60, 54, 236, 109, 46, 199, 82, 32,
                205,
                36, 7, 134, 222, 57, 146, 8, 149, 14, 15, 22, 10,
            ]),
        EncodedPicture(
            name: "png grey", width: 4, height: 3,
            base64: """
                iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAF0lEQVR4nGP8cV3uGSOrueFTBpV7HPwAL9AFQfgZ9XUAAAAA\
                SUVORK5CYII=
                """,
            pixels: [
                248, 248, 248, 207, 207, 207, 237, 237, 237, 211, 211, 211, 5, 5, 5, 60, 60, 60, 109, 109, 109, 82, 82,
                82,
                36, 36, 36, 222, 222, 222, 8, 8, 8, 15, 15, 15,
            ]),
        EncodedPicture(
            name: "png alpha", width: 4, height: 3,
            base64: """
                iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAYAAAC09K7GAAAAPklEQVR4nAEzAMz/APjCvgDPkxqA7RX1/9PvLQcEDdvhADej\
                0gAxGdIA5TGgAAAkB4YA3jmSgAiVDv8PFgoHYdYUZpQcuEIAAAAASUVORK5CYII=
                """,
            pixels: [
                248, 194, 190, 207, 147, 26, 237, 21, 245, 211, 239, 45, 5, 157, 159, 60, 54, 236, 109, 46, 199, 82, 32,
                205,
                36, 7, 134, 222, 57, 146, 8, 149, 14, 15, 22, 10,
            ]),
        EncodedPicture(
            name: "png palette", width: 4, height: 3,
            base64: """
                iVBORw0KGgoAAAANSUhEUgAAAAQAAAADAgMAAADJmkZVAAAADFBMVEV2uWajVoiPIdgaD0jtsQVKAAAADklEQVR4nGPwYHrE\
                cBkABO8CAJMbqNYAAAAASUVORK5CYII=
                """,
            pixels: [
                163, 86, 136, 118, 185, 102, 143, 33, 216, 118, 185, 102, 118, 185, 102, 143, 33, 216, 143, 33, 216,
                143, 33, 216,
                26, 15, 72, 163, 86, 136, 118, 185, 102, 26, 15, 72,
            ]),
        EncodedPicture(
            name: "jpeg rgb", width: 11, height: 9,
            base64: """
                /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQ\
                ERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU\
                FBQUFBQUFBQUFBQUFBT/wAARCAAJAAsDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAA\
                AgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6\
                Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXG\
                x8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREA\
                AgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5\
                OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPE\
                xcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDjvgl8Lf8Aj3/c+navsPR/hb/xLLf91/D6\
                V5R8Ev8Al3/Cvr/Sf+Qdb/7tffVJ8iufHn//2Q==
                """,
            pixels: [
                11, 40, 82, 23, 52, 94, 36, 65, 105, 47, 76, 116, 59, 88, 128, 71, 100, 140, 83, 112, 152, 95, 124, 164,
                107, 136, 176, 119, 148, 188, 130, 159, 199, 20, 49, 91, 32, 61, 103, 44, 73, 113, 56, 85, 125, 68, 97,
                137,
                80, 109, 149, 92, 121, 161, 104, 133, 173, 116, 145, 185, 127, 156, 196, 138, 167, 207, 29, 58, 100, 42,
                71, 113,
                54, 83, 123, 65, 94, 134, 78, 107, 147, 89, 118, 158, 101, 130, 170, 114, 143, 183, 125, 154, 194, 137,
                166, 206,
                147, 176, 216, 38, 67, 109, 50, 79, 121, 62, 91, 131, 74, 103, 143, 86, 115, 155, 98, 127, 167, 110,
                139, 179,
                122, 151, 191, 134, 163, 203, 145, 174, 214, 156, 185, 225, 47, 76, 116, 59, 88, 128, 72, 101, 141, 83,
                112, 152,
                96, 125, 165, 107, 136, 176, 119, 148, 188, 131, 160, 200, 143, 173, 211, 155, 185, 223, 166, 196, 234,
                56, 85, 125,
                68, 97, 137, 80, 109, 149, 91, 120, 160, 104, 133, 173, 115, 144, 184, 128, 157, 197, 140, 169, 209,
                152, 182, 220,
                164, 194, 232, 175, 205, 243, 65, 94, 134, 77, 106, 146, 90, 119, 159, 101, 130, 170, 114, 143, 183,
                125, 154, 194,
                137, 166, 206, 149, 178, 218, 161, 191, 229, 173, 203, 241, 184, 214, 250, 74, 103, 143, 86, 115, 155,
                99, 128, 168,
                110, 139, 179, 123, 152, 192, 134, 163, 203, 146, 175, 215, 158, 187, 227, 170, 200, 238, 181, 211, 247,
                192, 222, 255,
                83, 112, 152, 95, 124, 164, 108, 137, 177, 119, 148, 188, 131, 160, 200, 143, 172, 212, 155, 184, 224,
                167, 196, 236,
                179, 209, 247, 190, 220, 255, 200, 230, 255,
            ]),
        EncodedPicture(
            name: "jpeg grey", width: 11, height: 9,
            base64: """
                /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQ\
                ERMUFRUVDA8XGBYUGBIUFRT/wAALCAAJAAsBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgED\
                AwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RF\
                RkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJ\
                ytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AOY+CXwt/wCPf9z6dq+xNH+Fv/Est/3P8PpXk/wS/wCX\
                f8K+xNH/AOQZb/7tf//Z
                """,
            pixels: [
                40, 40, 40, 52, 52, 52, 64, 64, 64, 75, 75, 75, 88, 88, 88, 99, 99, 99, 112, 112, 112, 124, 124, 124,
                136, 136, 136, 148, 148, 148, 159, 159, 159, 49, 49, 49, 61, 61, 61, 73, 73, 73, 84, 84, 84, 97, 97, 97,
                108, 108, 108, 121, 121, 121, 133, 133, 133, 145, 145, 145, 157, 157, 157, 168, 168, 168, 58, 58, 58,
                70, 70, 70,
                83, 83, 83, 94, 94, 94, 107, 107, 107, 118, 118, 118, 130, 130, 130, 142, 142, 142, 154, 154, 154, 166,
                166, 166,
                177, 177, 177, 67, 67, 67, 79, 79, 79, 91, 91, 91, 102, 102, 102, 115, 115, 115, 126, 126, 126, 139,
                139, 139,
                151, 151, 151, 163, 163, 163, 175, 175, 175, 186, 186, 186, 76, 76, 76, 88, 88, 88, 100, 100, 100, 112,
                112, 112,
                124, 124, 124, 136, 136, 136, 148, 148, 148, 160, 160, 160, 172, 172, 172, 184, 184, 184, 195, 195, 195,
                84, 84, 84,
                97, 97, 97, 109, 109, 109, 120, 120, 120, 133, 133, 133, 144, 144, 144, 156, 156, 156, 169, 169, 169,
                181, 181, 181,
                192, 192, 192, 203, 203, 203, 94, 94, 94, 106, 106, 106, 118, 118, 118, 130, 130, 130, 142, 142, 142,
                154, 154, 154,
                166, 166, 166, 178, 178, 178, 190, 190, 190, 202, 202, 202, 213, 213, 213, 103, 103, 103, 115, 115, 115,
                127, 127, 127,
                139, 139, 139, 151, 151, 151, 162, 162, 162, 175, 175, 175, 187, 187, 187, 199, 199, 199, 211, 211, 211,
                222, 222, 222,
                112, 112, 112, 124, 124, 124, 136, 136, 136, 148, 148, 148, 160, 160, 160, 171, 171, 171, 184, 184, 184,
                196, 196, 196,
                208, 208, 208, 220, 220, 220, 231, 231, 231,
            ]),
        EncodedPicture(
            name: "jpeg cmyk", width: 11, height: 9,
            base64: """
                /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBET\
                FBUVFQwPFxgWFBgSFBUU/8AAFAgACQALBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//E\
                ALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2\
                Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrC\
                w8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDwj4JfC3/j3/c+nauY+CXwt/49\
                /wBz6dq9E+CXwt/49/3Pp2r9U6+xNH+Fv/Est/3P8PpX2Jo/wt/4llv+5/h9K+wtJ+GKLptuCig7ehoryf4Jf8u/4V5P8Ev+\
                Xf8ACvKfgl/y7/hRX2Jo/wDyDLf/AHa+xNH/AOQZb/7tfUEX+qT6Civ/2Q==
                """,
            pixels: [
                10, 40, 80, 22, 52, 92, 34, 64, 104, 45, 75, 116, 58, 88, 128, 69, 99, 139, 82, 112, 152, 94, 124, 164,
                106, 136, 176, 118, 148, 188, 129, 159, 199, 19, 49, 89, 31, 61, 101, 43, 73, 113, 54, 84, 125, 67, 97,
                137,
                78, 108, 148, 91, 121, 161, 103, 133, 173, 115, 145, 185, 127, 157, 196, 138, 168, 207, 28, 58, 98, 40,
                70, 111,
                53, 83, 123, 64, 94, 134, 77, 107, 147, 88, 118, 158, 100, 130, 170, 112, 142, 182, 124, 154, 195, 136,
                166, 207,
                147, 177, 217, 37, 67, 107, 49, 79, 119, 61, 91, 131, 72, 102, 143, 85, 115, 155, 96, 126, 166, 109,
                139, 179,
                121, 151, 191, 133, 163, 204, 145, 175, 215, 156, 186, 226, 46, 76, 116, 58, 88, 128, 70, 100, 141, 82,
                112, 152,
                94, 124, 164, 106, 136, 176, 118, 148, 188, 130, 160, 200, 142, 172, 212, 154, 184, 224, 165, 195, 235,
                54, 84, 125,
                67, 97, 137, 79, 109, 149, 90, 120, 160, 103, 133, 173, 114, 144, 184, 126, 156, 196, 139, 169, 209,
                151, 181, 221,
                162, 192, 233, 173, 203, 245, 64, 94, 134, 76, 106, 146, 88, 118, 159, 100, 130, 170, 112, 142, 182,
                124, 154, 194,
                136, 166, 206, 148, 178, 218, 160, 190, 232, 172, 202, 243, 183, 213, 253, 73, 103, 143, 85, 115, 155,
                97, 127, 168,
                109, 139, 179, 121, 151, 191, 132, 162, 203, 145, 175, 215, 157, 187, 227, 169, 199, 239, 181, 211, 249,
                192, 222, 255,
                82, 112, 152, 94, 124, 164, 106, 136, 176, 118, 148, 188, 130, 160, 200, 141, 171, 212, 154, 184, 224,
                166, 196, 236,
                178, 208, 248, 190, 220, 254, 201, 231, 255,
            ]),
    ]
}
